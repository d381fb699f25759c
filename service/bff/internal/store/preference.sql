-- name: PreferencesOf :many
SELECT topic, target_id, channel, enabled, target_kind, slug, name_en, name_sl FROM datamanagement.bff_preference
WHERE account_id = @account_id ORDER BY topic, name_en, target_id, channel;

-- name: NotificationSettingOf :one
-- One row, also where nothing was chosen yet.
SELECT a.zone, s.quiet_from, s.quiet_to, coalesce(s.article_digest, 'off')::text AS article_digest, s.paused_until
FROM datamanagement.bff_account a LEFT JOIN datamanagement.bff_notification_setting s ON s.account_id = a.account_id
WHERE a.account_id = @account_id;

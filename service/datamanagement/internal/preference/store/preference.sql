-- name: AccountLock :one
-- Two savers of one person wait for each other: what must hold for their choices together is checked by each.
SELECT email, zone FROM datamanagement.account WHERE id = @account_id AND state <> 'closed' FOR NO KEY UPDATE;

-- name: AccountEmail :one
SELECT email FROM datamanagement.account WHERE id = @account_id AND state <> 'closed';

-- name: ChoiceSet :exec
INSERT INTO datamanagement.preference (account_id, topic, target_id, channel, enabled, changed_at)
VALUES (@account_id, @topic, @target_id, @channel, @enabled, @now)
ON CONFLICT (account_id, topic, target_id, channel) DO UPDATE SET enabled = excluded.enabled, changed_at = excluded.changed_at
WHERE datamanagement.preference.enabled <> excluded.enabled;

-- name: ChoiceClear :exec
DELETE FROM datamanagement.preference
WHERE account_id = @account_id AND topic = @topic AND target_id = @target_id AND channel = @channel;

-- name: Choices :many
SELECT target_id, channel, enabled FROM datamanagement.preference
WHERE account_id = @account_id AND topic = @topic AND target_id IN (@target_id::uuid, '00000000-0000-0000-0000-000000000000');

-- name: ExceptionCount :one
SELECT count(*) FROM datamanagement.preference
WHERE account_id = @account_id AND target_id <> '00000000-0000-0000-0000-000000000000';

-- name: Target :one
-- What an id names: nothing, or one of what people follow.
SELECT kind, name_en, name_sl FROM (
    SELECT 'webinar'::text AS kind, w.title AS name_en, w.title AS name_sl FROM datamanagement.webinar w WHERE w.id = @target_id
    UNION ALL
    SELECT 'category', c.name_en, c.name_sl FROM datamanagement.category c WHERE c.id = @target_id
    UNION ALL
    SELECT 'lecturer', l.name, l.name FROM datamanagement.lecturer l WHERE l.id = @target_id
) AS named LIMIT 1;

-- name: SettingSave :exec
INSERT INTO datamanagement.notification_setting (account_id, quiet_from, quiet_to, article_digest, changed_at)
VALUES (@account_id, @quiet_from, @quiet_to, @article_digest, @now)
ON CONFLICT (account_id) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
    article_digest = excluded.article_digest, changed_at = excluded.changed_at;

-- name: SettingPause :exec
INSERT INTO datamanagement.notification_setting (account_id, paused_until, changed_at)
VALUES (@account_id, @paused_until, @now)
ON CONFLICT (account_id) DO UPDATE SET paused_until = excluded.paused_until, changed_at = excluded.changed_at;

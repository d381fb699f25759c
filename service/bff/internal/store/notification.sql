-- name: NotificationsOf :many
SELECT notification_id, kind, text, path, created_at, seen_at FROM notificationcenter.bff_notification
WHERE account_id = @account_id AND (created_at, notification_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, notification_id DESC LIMIT @most;

-- name: NotificationsUnseen :one
SELECT coalesce((SELECT unseen FROM notificationcenter.bff_unseen WHERE account_id = @account_id), 0)::bigint AS unseen;

-- name: NotificationOf :one
SELECT notification_id, kind, text, path, created_at, seen_at FROM notificationcenter.bff_notification
WHERE notification_id = @notification_id AND account_id = @account_id;

-- name: BrowsersOf :many
SELECT device_id, label, created_at, used_at, reason, fingerprint::text AS fingerprint FROM notificationcenter.bff_device
WHERE account_id = @account_id ORDER BY created_at, device_id;

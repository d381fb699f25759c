-- A browser belongs to whoever is logged in there now.
-- name: DeviceAdd :one
INSERT INTO notificationcenter.push_subscription (id, account_id, session_id, endpoint, p256dh, auth, label, created_at)
VALUES (@id, @account_id, @session_id, @endpoint, @p256dh, @auth, @label, @now)
ON CONFLICT (endpoint) DO UPDATE SET account_id = excluded.account_id, session_id = excluded.session_id, p256dh = excluded.p256dh, auth = excluded.auth,
    label = excluded.label, reason = '',
    created_at = CASE WHEN push_subscription.account_id = excluded.account_id THEN push_subscription.created_at ELSE excluded.created_at END
RETURNING id;

-- The newest stay.
-- name: DeviceForgetOldest :exec
DELETE FROM notificationcenter.push_subscription AS s
WHERE s.id IN (
    SELECT o.id FROM notificationcenter.push_subscription AS o WHERE o.account_id = @account_id
    ORDER BY o.created_at DESC, o.id DESC OFFSET @most);

-- name: DeviceRemove :execrows
DELETE FROM notificationcenter.push_subscription
WHERE account_id = @account_id AND (id = @id OR endpoint = @endpoint AND @endpoint <> '');

-- The browsers that have yet to take a message.
-- name: DevicesFor :many
SELECT s.id, s.endpoint, s.p256dh, s.auth FROM notificationcenter.push_subscription AS s
WHERE s.account_id = @account_id
  AND NOT EXISTS (SELECT FROM notificationcenter.push_done AS d WHERE d.message_id = @message_id AND d.subscription_id = s.id)
ORDER BY s.created_at, s.id;

-- name: DeviceTook :exec
WITH took AS (
    UPDATE notificationcenter.push_subscription SET used_at = @now, reason = '' WHERE id = @id RETURNING id
)
INSERT INTO notificationcenter.push_done (message_id, subscription_id, at) SELECT @message_id, took.id, @now FROM took ON CONFLICT DO NOTHING;

-- name: DeviceRefused :exec
WITH refused AS (
    UPDATE notificationcenter.push_subscription SET reason = @reason WHERE id = @id RETURNING id
)
INSERT INTO notificationcenter.push_done (message_id, subscription_id, at) SELECT @message_id, refused.id, @now FROM refused ON CONFLICT DO NOTHING;

-- name: DeviceGone :exec
DELETE FROM notificationcenter.push_subscription WHERE id = @id;

-- name: PushDone :one
SELECT EXISTS (SELECT FROM notificationcenter.push_done AS d JOIN notificationcenter.push_subscription AS s ON s.id = d.subscription_id
               WHERE d.message_id = @message_id AND s.reason = '');

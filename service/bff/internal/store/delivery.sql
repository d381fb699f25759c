-- name: DeliveriesOf :many
SELECT delivery_id, kind, channel, state::text AS state, text, address, reason, at, until FROM notificationcenter.bff_delivery
WHERE account_id = @account_id AND (at, delivery_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY at DESC, delivery_id DESC LIMIT @most;

-- name: SuppressionsOf :many
SELECT address, scope, cause, reason, at FROM notificationcenter.bff_suppression WHERE account_id = @account_id ORDER BY at DESC;

-- name: DeliveryGates :many
SELECT k.done::boolean AS done, k.suppressed::text AS suppressed
FROM notificationcenter.known(@ids::uuid[], @addresses::text[], @chosen::boolean[]) AS k;

-- A line on the site comes with the note that tells of it, and so exactly once.
-- name: DeliveryNotes :exec
WITH noted AS (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@account_ids::uuid[]) AS account_id, unnest(@channels::text[]) AS channel,
           unnest(@kinds::text[]) AS kind, unnest(@states::text[]) AS state, unnest(@attempts::integer[]) AS attempts,
           unnest(@reasons::text[]) AS reason, unnest(@ats::timestamptz[]) AS at, unnest(@texts::text[]) AS text,
           unnest(@addresses::text[]) AS address, unnest(@languages::text[]) AS language, unnest(@zones::text[]) AS zone,
           unnest(@expires_ats::timestamptz[]) AS expires_at, unnest(@paths::text[]) AS path
), told AS (
    INSERT INTO notificationcenter.notification (id, account_id, kind, text, path, created_at)
    SELECT n.id, n.account_id, n.kind, n.text, n.path, n.at FROM noted AS n WHERE n.channel = 'site' AND n.state = 'sent'
    ON CONFLICT (id) DO NOTHING
)
INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, reason, at, text, address, language, zone, expires_at)
SELECT n.id, n.account_id, n.channel, n.kind, n.state, n.attempts, n.reason, n.at, n.text, n.address, n.language, n.zone, nullif(n.expires_at, 'epoch')
FROM noted AS n
ON CONFLICT (id) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, reason = excluded.reason, at = excluded.at,
    text = excluded.text, address = excluded.address, language = excluded.language, zone = excluded.zone, until = NULL,
    expires_at = excluded.expires_at
WHERE delivery.state IN ('waiting', 'retry', 'failed');

-- name: DeliveryGet :one
SELECT id, account_id, kind, state, address, language, zone FROM notificationcenter.delivery WHERE id = @id AND channel = 'email';

-- name: DeliveryCameBack :execrows
UPDATE notificationcenter.delivery SET state = @state, reason = @reason, at = @now
WHERE id = @id AND state IN ('sent', 'retry');

-- name: DeliveryRefusals :one
SELECT count(*) FROM (
    SELECT state FROM notificationcenter.delivery
    WHERE lower(address) = lower(@address) AND state IN ('sent', 'failed', 'bounced') AND id <> @but
    ORDER BY at DESC LIMIT @most) AS latest
WHERE state <> 'sent';

-- name: SuppressionAdd :execrows
INSERT INTO notificationcenter.suppression (address, scope, account_id, cause, reason, at)
VALUES (lower(@address), @scope, @account_id, @cause, @reason, @now)
ON CONFLICT (address, scope) DO NOTHING;

-- name: SuppressionLift :execrows
DELETE FROM notificationcenter.suppression WHERE account_id = @account_id AND address = lower(@address);

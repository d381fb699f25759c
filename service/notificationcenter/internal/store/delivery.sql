-- name: DeliveryGates :many
SELECT EXISTS (SELECT FROM notificationcenter.delivery d WHERE d.id = (@ids::uuid[])[n] AND d.state NOT IN ('waiting', 'retry', 'failed')) AS done,
       coalesce((SELECT s.reason FROM notificationcenter.suppression s
                 WHERE s.address = lower((@addresses::text[])[n]) AND (s.scope = 'all' OR (@chosen::boolean[])[n]) ORDER BY s.scope LIMIT 1), '')::text AS suppressed
FROM generate_subscripts(@ids::uuid[], 1) AS n ORDER BY n;

-- name: DeliveryNotes :exec
INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, reason, at, text, address, language, zone, expires_at)
SELECT (@ids::uuid[])[n], (@account_ids::uuid[])[n], (@channels::text[])[n], (@kinds::text[])[n], (@states::text[])[n], (@attempts::integer[])[n],
       (@reasons::text[])[n], (@ats::timestamptz[])[n], (@texts::text[])[n], (@addresses::text[])[n], (@languages::text[])[n], (@zones::text[])[n],
       nullif((@expires_ats::timestamptz[])[n], 'epoch')
FROM generate_subscripts(@ids::uuid[], 1) AS n
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

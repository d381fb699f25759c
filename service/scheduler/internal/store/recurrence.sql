-- name: RecurrenceAdd :exec
-- What is new begins with the period that has begun; what was there goes on where it was.
INSERT INTO scheduler.recurrence (name, last_at, due_at) VALUES (@name, @last_at, @due_at) ON CONFLICT (name) DO NOTHING;

-- name: RecurrenceClaim :many
UPDATE scheduler.recurrence r
SET token = r.token + 1, lease_until = @lease_until, attempts = r.attempts + 1
WHERE r.name IN (
    SELECT d.name FROM scheduler.recurrence d
    WHERE d.name = ANY (@names::text[]) AND d.due_at <= @now AND (d.lease_until IS NULL OR d.lease_until < @now)
    FOR UPDATE SKIP LOCKED
)
RETURNING r.name, r.last_at, r.due_at, r.token, r.attempts;

-- name: RecurrenceDone :execrows
-- Nothing happens for an instance whose claim has been taken over.
UPDATE scheduler.recurrence SET last_at = @last_at, due_at = @due_at, lease_until = NULL, attempts = 0, error = ''
WHERE name = @name AND token = @token AND last_at < @last_at;

-- name: RecurrenceLater :execrows
UPDATE scheduler.recurrence SET due_at = @due_at, lease_until = NULL, error = @error WHERE name = @name AND token = @token;

-- name: RecurrenceNext :one
SELECT coalesce(min(greatest(due_at, lease_until)), @otherwise::timestamptz)::timestamptz AS at FROM scheduler.recurrence;

-- name: Retain :one
SELECT scheduler.retain(@now, @most)::bigint AS gone;

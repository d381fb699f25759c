-- name: FailureRead :one
SELECT failures, last_at, blocked_until FROM auth.login_failure WHERE key = @key;
-- name: FailureCount :one
INSERT INTO auth.login_failure (key, failures, last_at) VALUES (@key, 1, @now)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN auth.login_failure.last_at < @forget THEN 1 ELSE auth.login_failure.failures + 1 END,
    last_at = @now
RETURNING failures;

-- name: FailureBlock :exec
UPDATE auth.login_failure SET blocked_until = @until::timestamptz WHERE key = @key;

-- name: FailureForget :exec
DELETE FROM auth.login_failure WHERE key = @key;

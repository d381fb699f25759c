-- name: CredentialByEmail :one
SELECT account_id, email, password_hash, roles, state, language, zone FROM datamanagement.auth_credential WHERE email = @email;

-- name: CredentialByID :one
SELECT account_id, email, roles, state, language, zone FROM datamanagement.auth_credential WHERE account_id = @account_id;

-- name: SetPassword :one
SELECT datamanagement.set_password(@account::uuid, @hash::text, @now::timestamptz)::boolean AS done;

-- name: SessionInsert :exec
INSERT INTO auth.session (id, account_id, device, created_at, used_at, expires_at)
VALUES (@id, @account_id, @device, @now, @now, @expires_at);

-- name: SessionRead :one
SELECT id, account_id, expires_at, revoked_at FROM auth.session WHERE id = @id;

-- name: SessionUse :exec
UPDATE auth.session SET used_at = @now, expires_at = @expires_at WHERE id = @id;

-- With a session ends what is told in its browser by push.
-- name: SessionRevoke :exec
WITH ended AS (
    UPDATE auth.session SET revoked_at = @now::timestamptz WHERE id = @id AND revoked_at IS NULL RETURNING id, account_id
)
SELECT notificationcenter.forget_browsers(e.account_id, e.id) FROM ended AS e;

-- name: SessionRevokeAll :one
WITH ended AS (
    UPDATE auth.session SET revoked_at = @now::timestamptz WHERE account_id = @account_id::uuid AND revoked_at IS NULL RETURNING id
)
SELECT (SELECT count(*) FROM ended)::bigint AS sessions, notificationcenter.forget_browsers(@account_id::uuid, NULL)::integer AS browsers;

-- name: TokenInsert :exec
INSERT INTO auth.refresh_token (hash, session_id, created_at) VALUES (@hash, @session_id, @now);

-- name: TokenUse :one
UPDATE auth.refresh_token SET used_at = coalesce(used_at, @now::timestamptz) WHERE hash = @hash
RETURNING session_id, coalesce(used_at, @now::timestamptz)::timestamptz AS used_at;

-- name: ResetInsert :exec
INSERT INTO auth.password_reset (hash, account_id, created_at, expires_at) VALUES (@hash, @account_id, @now, @expires_at);

-- name: ResetCount :one
SELECT count(*) FROM auth.password_reset WHERE account_id = @account_id AND created_at > @since;

-- name: ResetTake :one
UPDATE auth.password_reset SET used_at = @now::timestamptz WHERE hash = @hash AND used_at IS NULL AND expires_at > @now::timestamptz
RETURNING account_id;

-- name: ResetVoid :exec
UPDATE auth.password_reset SET used_at = @now::timestamptz WHERE account_id = @account_id AND used_at IS NULL;

-- name: SessionList :many
SELECT id, device, created_at, used_at FROM auth.session
WHERE account_id = @account_id AND revoked_at IS NULL AND expires_at > @now::timestamptz
ORDER BY used_at DESC, id LIMIT 50;

-- name: SessionRevokeOwn :execrows
WITH ended AS (
    UPDATE auth.session SET revoked_at = @now::timestamptz WHERE id = @id AND account_id = @account_id AND revoked_at IS NULL
    RETURNING id, account_id
)
SELECT notificationcenter.forget_browsers(e.account_id, e.id) FROM ended AS e;

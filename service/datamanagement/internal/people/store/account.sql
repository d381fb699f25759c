-- name: AccountInsert :execrows
INSERT INTO datamanagement.account (id, email, password_hash, name, profession, speciality, licence_number, country, language, zone,
    consent_version, consent_at, created_at, updated_at)
VALUES (@id, @email, @password_hash, @name, @profession, @speciality, @licence_number, @country, @language, @zone,
    @consent_version, @now, @now, @now)
ON CONFLICT (email) DO NOTHING;

-- name: AccountByEmail :one
SELECT id, state, email_confirmed_at FROM datamanagement.account WHERE email = @email;

-- name: AccountState :one
SELECT state, email_confirmed_at FROM datamanagement.account WHERE id = @id FOR UPDATE;

-- name: AccountConfirm :execrows
UPDATE datamanagement.account
SET email_confirmed_at = @now::timestamptz, updated_at = @now::timestamptz, state = CASE WHEN state = 'unconfirmed' THEN 'in_review' ELSE state END
WHERE id = @id AND email_confirmed_at IS NULL AND state <> 'closed';

-- name: AccountSetState :exec
UPDATE datamanagement.account SET state = @state, updated_at = @now WHERE id = @id;

-- name: AccountUpdateProfile :execrows
UPDATE datamanagement.account SET name = @name, language = @language, zone = @zone, updated_at = @now WHERE id = @id AND state <> 'closed';

-- name: ConfirmationInsert :exec
INSERT INTO datamanagement.email_confirmation (account_id, secret_hash, created_at, expires_at)
VALUES (@account_id, @secret_hash, @now, @expires_at);

-- name: ConfirmationTake :one
UPDATE datamanagement.email_confirmation SET used_at = coalesce(used_at, @now::timestamptz)
WHERE secret_hash = @secret_hash AND (expires_at > @now::timestamptz OR used_at IS NOT NULL)
RETURNING account_id;

-- name: ConfirmationCount :one
SELECT count(*) FROM datamanagement.email_confirmation WHERE account_id = @account_id AND created_at > @since;

-- name: ApplicationInsert :exec
INSERT INTO datamanagement.application (id, account_id, submitted_at, file_name, media_type, size, sha256, registry_state, registry_answer,
    registry_flags)
VALUES (@id, @account_id, @now, @file_name, @media_type, @size, @sha256, @registry_state, @registry_answer, @registry_flags);

-- name: ApplicationLock :one
SELECT p.account_id, p.state, a.email_confirmed_at FROM datamanagement.application p
JOIN datamanagement.account a ON a.id = p.account_id
WHERE p.id = @id FOR UPDATE;

-- name: ApplicationDecide :exec
UPDATE datamanagement.application SET state = @state, decided_at = @now::timestamptz, reviewer_id = @reviewer_id::uuid, reason = @reason
WHERE id = @id;

-- name: ProofInsert :exec
INSERT INTO datamanagement.proof (application_id, key_id, ciphertext) VALUES (@application_id, @key_id, @ciphertext);

-- name: ProofRead :one
SELECT p.file_name, p.media_type, f.key_id, f.ciphertext FROM datamanagement.proof f
JOIN datamanagement.application p ON p.id = f.application_id
WHERE f.application_id = @application_id;

-- name: ProofKeepUntil :exec
UPDATE datamanagement.proof SET delete_after = @delete_after::timestamptz WHERE application_id = @application_id;

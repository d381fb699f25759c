-- name: Account :one
SELECT account_id, email, name, profession, speciality, licence_number, country, language, zone, state, created_at
FROM datamanagement.bff_account WHERE account_id = @account_id;

-- name: LastApplication :one
SELECT application_id, state, submitted_at, decided_at, reason, file_name FROM datamanagement.bff_application
WHERE account_id = @account_id ORDER BY submitted_at DESC LIMIT 1;

-- name: ApplicationsWaiting :many
SELECT application_id, account_id, name, email, profession, speciality, licence_number, country, state, submitted_at, file_name, media_type, size,
    registry_state, registry_answer, registry_flags, decided_at, reviewer_name, reason, email_confirmed FROM datamanagement.bff_application
WHERE state = 'waiting' AND email_confirmed AND (submitted_at, application_id) > (@after::timestamptz, @after_id::uuid)
ORDER BY submitted_at, application_id LIMIT @most;

-- name: ApplicationsDecided :many
SELECT application_id, account_id, name, email, profession, speciality, licence_number, country, state, submitted_at, file_name, media_type, size,
    registry_state, registry_answer, registry_flags, decided_at, reviewer_name, reason, email_confirmed FROM datamanagement.bff_application
WHERE state = @state AND email_confirmed AND (submitted_at, application_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY submitted_at DESC, application_id DESC LIMIT @most;

-- name: ApplicationsWaitingCount :one
SELECT count(*) FROM datamanagement.bff_application WHERE state = 'waiting' AND email_confirmed;

-- name: Application :one
SELECT application_id, account_id, name, email, profession, speciality, licence_number, country, state, submitted_at, file_name, media_type, size,
    registry_state, registry_answer, registry_flags, decided_at, reviewer_name, reason, email_confirmed FROM datamanagement.bff_application WHERE application_id = @application_id AND email_confirmed;

-- name: ApplicationNext :one
SELECT application_id FROM datamanagement.bff_application
WHERE state = 'waiting' AND email_confirmed AND application_id <> @application_id
ORDER BY submitted_at, application_id LIMIT 1;

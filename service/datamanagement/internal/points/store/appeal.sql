-- name: AppealTarget :one
SELECT w.started_at, w.ended_at, r.hundredths, (r.qualified AND r.hundredths >= w.hundredths)::boolean AS whole
FROM datamanagement.attendance_result r JOIN datamanagement.webinar w ON w.id = r.webinar_id
WHERE r.webinar_id = @webinar_id AND r.account_id = @account_id;

-- name: AppealCount :one
SELECT count(*) FROM datamanagement.appeal WHERE webinar_id = @webinar_id AND account_id = @account_id;

-- name: AppealInsert :execrows
INSERT INTO datamanagement.appeal (id, webinar_id, account_id, reason, words, concerns_from, concerns_to, made_at)
VALUES (@id, @webinar_id, @account_id, @reason, @words, sqlc.narg(concerns_from), sqlc.narg(concerns_to), @now) ON CONFLICT DO NOTHING;

-- name: AppealLock :one
SELECT id, webinar_id, account_id, state FROM datamanagement.appeal WHERE id = @id FOR UPDATE;

-- name: AppealGet :one
SELECT id, webinar_id, account_id, state FROM datamanagement.appeal WHERE id = @id;

-- name: AppealWithdraw :exec
UPDATE datamanagement.appeal SET state = 'withdrawn', closed_at = @now::timestamptz WHERE id = @id;

-- name: AppealRefuse :exec
UPDATE datamanagement.appeal SET state = 'refused', closed_at = @now::timestamptz, decided_by = @decided_by::uuid, answer = @answer WHERE id = @id;

-- name: AppealGrant :exec
UPDATE datamanagement.appeal SET state = 'granted', closed_at = @now::timestamptz, decided_by = @decided_by::uuid, answer = @answer,
    amendment = @amendment, evidence = @evidence, credit = @credit, hundredths = @hundredths
WHERE id = @id;

-- name: ResultGet :one
SELECT r.evidence, r.hundredths, w.started_at, w.ended_at FROM datamanagement.attendance_result r
JOIN datamanagement.webinar w ON w.id = r.webinar_id
WHERE r.webinar_id = @webinar_id AND r.account_id = @account_id;

-- Two appeals of one person that are decided at once see the points of the other, so that the cap of the day holds.
-- name: PersonLock :exec
SELECT pg_advisory_xact_lock(hashtextextended('points ' || @person::text, 0));

-- name: DecisionLock :exec
SELECT pg_advisory_xact_lock_shared(hashtextextended('points of everybody', 0));

-- An evaluation and a decision see the points of each other too. One lock for all people: thousands would not fit into the table of locks.
-- name: EvaluationLock :exec
SELECT pg_advisory_xact_lock(hashtextextended('points of everybody', 0));

-- name: CorrectionInsert :execrows
INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths, appeal_id)
SELECT @id, p.webinar_id, @requested_by, @now, 1, 1, p.hundredths, p.id FROM datamanagement.appeal p
WHERE p.id = @appeal_id AND p.state = 'granted'
ON CONFLICT DO NOTHING;

-- name: CorrectionOf :one
SELECT account_id, hundredths FROM datamanagement.appeal WHERE id = @id;

-- name: CorrectionBook :execrows
INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, request_id, note, booked_at)
SELECT @id, @account_id, w.id, 'correction', @hundredths, (w.started_at AT TIME ZONE w.zone)::date, @request_id::uuid, @note, @now
FROM datamanagement.webinar w WHERE w.id = @webinar_id
ON CONFLICT (request_id) WHERE kind = 'correction' DO NOTHING;

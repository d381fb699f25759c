-- name: RequestInsert :execrows
INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths)
VALUES (@id, @webinar_id, @requested_by, @now, @viewers, @qualified, @hundredths)
ON CONFLICT DO NOTHING;

-- name: RequestLock :one
SELECT id, webinar_id, state, requested_at, appeal_id, awaited_at FROM datamanagement.agency_request WHERE id = @id FOR UPDATE;

-- name: RequestSubmitted :exec
UPDATE datamanagement.agency_request SET submitted_at = coalesce(submitted_at, @now::timestamptz) WHERE id = @id;

-- name: RequestAwaited :exec
UPDATE datamanagement.agency_request SET awaited_at = coalesce(awaited_at, @now::timestamptz) WHERE id = @id;

-- name: RequestAnswer :exec
UPDATE datamanagement.agency_request SET state = @state, answered_at = @now::timestamptz, answered_on = to_date(@answered_on::text, 'YYYY-MM-DD'),
    answered_by = @answered_by::uuid, reference = @reference, answer = @answer
WHERE id = @id;

-- name: Qualified :many
SELECT account_id, hundredths FROM datamanagement.attendance_result
WHERE webinar_id = @webinar_id AND qualified AND hundredths > 0 ORDER BY account_id;

-- name: BookingInsert :execrows
INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, request_id, booked_at)
SELECT @id, @account_id, w.id, 'webinar', @hundredths, (w.started_at AT TIME ZONE w.zone)::date, @request_id::uuid, @now
FROM datamanagement.webinar w WHERE w.id = @webinar_id
ON CONFLICT (account_id, webinar_id) WHERE kind = 'webinar' DO NOTHING;

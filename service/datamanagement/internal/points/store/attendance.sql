-- name: WebinarLock :one
SELECT hundredths, zone, state, started_at, ended_at, evaluated_at, frozen_rule FROM datamanagement.webinar WHERE id = @id FOR UPDATE;

-- name: WebinarEvaluated :exec
UPDATE datamanagement.webinar SET evaluated_at = @now::timestamptz WHERE id = @id;

-- name: Attendance :many
SELECT account_id, evidence, sha256 FROM livewebinar.datamanagement_attendance
WHERE webinar_id = @webinar_id AND account_id > @after ORDER BY account_id LIMIT @most;

-- name: CreditedElsewhere :many
SELECT c.account_id, (c.credit -> 'spans')::jsonb AS spans FROM (
    SELECT r.webinar_id, r.account_id, r.credit FROM datamanagement.attendance_result r WHERE r.qualified
    UNION ALL
    SELECT p.webinar_id, p.account_id, p.credit FROM datamanagement.appeal p WHERE p.state = 'granted') c
JOIN datamanagement.webinar w ON w.id = c.webinar_id
JOIN datamanagement.webinar this ON this.id = @webinar_id
WHERE c.account_id = ANY (@accounts::uuid[]) AND w.id <> this.id
    AND w.started_at < coalesce(this.ended_at, 'infinity') AND w.ended_at > this.started_at
ORDER BY c.account_id, w.id;

-- name: EarnedOnDay :many
SELECT c.account_id, sum(c.hundredths)::bigint AS hundredths FROM (
    SELECT r.webinar_id, r.account_id, r.hundredths FROM datamanagement.attendance_result r
    UNION ALL
    SELECT p.webinar_id, p.account_id, p.hundredths FROM datamanagement.appeal p WHERE p.state = 'granted') c
JOIN datamanagement.webinar w ON w.id = c.webinar_id
JOIN datamanagement.webinar this ON this.id = @webinar_id
WHERE c.account_id = ANY (@accounts::uuid[]) AND w.id <> this.id
    AND (w.started_at AT TIME ZONE w.zone)::date = (this.started_at AT TIME ZONE this.zone)::date
GROUP BY c.account_id;

-- name: ResultInsert :exec
INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
    hundredths, reasons, evidence_sha256, evidence, credit, at)
VALUES (@webinar_id, @account_id, @seconds, @creditable, @checks_answered, @checks_counted, @qualified, @hundredths, @reasons,
    @evidence_sha256, @evidence, @credit, @now)
ON CONFLICT (webinar_id, account_id) DO NOTHING;

-- name: Totals :one
SELECT count(*)::integer AS viewers, (count(*) FILTER (WHERE qualified))::integer AS qualified,
    coalesce(sum(hundredths), 0)::integer AS hundredths
FROM datamanagement.attendance_result WHERE webinar_id = @webinar_id;

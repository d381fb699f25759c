-- name: PointsWebinar :one
SELECT webinar_id, slug, title, state, starts_at, ended_at, evaluated_at, hundredths FROM datamanagement.bff_points_webinar WHERE slug = @slug;

-- name: Results :many
SELECT account_id, name, licence_number, profession, country, seconds, creditable, checks_answered, checks_counted, qualified, hundredths, reasons
FROM datamanagement.bff_result WHERE webinar_id = @webinar_id AND account_id > @after ORDER BY account_id LIMIT @most;

-- name: ResultEvidence :many
SELECT account_id, evidence FROM datamanagement.bff_evidence WHERE webinar_id = @webinar_id AND account_id = ANY (@account_ids::uuid[]);

-- name: ResultTotals :one
SELECT count(*)::integer AS viewers, (count(*) FILTER (WHERE qualified))::integer AS qualified, coalesce(sum(hundredths), 0)::integer AS hundredths
FROM datamanagement.bff_result WHERE webinar_id = @webinar_id;

-- name: AgencyRequests :many
SELECT request_id, requested_at, viewers, qualified, hundredths, state, answered_on::text AS answered_on, reference, answer, booked
FROM datamanagement.bff_agency_request WHERE webinar_id = @webinar_id AND appeal_id IS NULL ORDER BY requested_at DESC LIMIT 20;

-- name: Corrections :many
SELECT p.account_id, p.hundredths, coalesce(q.state, '')::text AS state
FROM datamanagement.bff_appeal p
LEFT JOIN LATERAL (
    SELECT r.state FROM datamanagement.bff_agency_request r WHERE r.appeal_id = p.appeal_id ORDER BY r.requested_at DESC LIMIT 1
) q ON true
WHERE p.webinar_id = @webinar_id AND p.state = 'granted' ORDER BY p.account_id LIMIT 10000;

-- name: CorrectionRequests :many
SELECT request_id, requested_at, viewers, qualified, hundredths, state, answered_on::text AS answered_on, reference, answer, booked
FROM datamanagement.bff_agency_request WHERE appeal_id = @appeal_id::uuid ORDER BY requested_at DESC LIMIT 20;

-- name: Ledger :many
SELECT slug::text AS slug, title::text AS title, kind::text AS kind, day::text AS day, hundredths::integer AS hundredths, state::text AS state,
    reference::text AS reference, answered_on::text AS answered_on, answer::text AS answer, reasons::jsonb AS reasons, appeal::text AS appeal
FROM datamanagement.bff_ledger WHERE account_id = @account_id ORDER BY day DESC, title LIMIT 2000;

-- name: PlanOf :one
SELECT a.country, a.zone, a.created_at,
    (SELECT p.plan FROM datamanagement.bff_requirement_plan p WHERE p.country = a.country ORDER BY p.name LIMIT 1) AS plan
FROM datamanagement.bff_account a WHERE a.account_id = @account_id;

-- name: Evidence :one
SELECT webinar_id, slug, title, started_at, ended_at, at, seconds, creditable, qualified, hundredths, reasons, evidence_sha256, evidence, credit
FROM datamanagement.bff_evidence WHERE account_id = @account_id AND slug = @slug;

-- name: RoomOf :one
SELECT r.opened_at, r.commitment, r.seed::text AS seed, p.starts_at, p.minutes FROM livewebinar.bff_room r
JOIN datamanagement.bff_programme p ON p.webinar_id = r.webinar_id WHERE r.webinar_id = @webinar_id;

-- name: RoomEvidence :one
SELECT evidence, sha256 FROM livewebinar.bff_attendance WHERE webinar_id = @webinar_id AND account_id = @account_id;

-- name: AppealLatest :one
SELECT appeal_id, slug, title, name, licence_number, reason, words, state, made_at, closed_at, answer, amendment, hundredths,
    decided_by::text AS decided_by, account_id, concerns_from, concerns_to
FROM datamanagement.bff_appeal WHERE webinar_id = @webinar_id AND account_id = @account_id ORDER BY made_at DESC LIMIT 1;

-- name: AppealGet :one
SELECT appeal_id, slug, title, name, licence_number, reason, words, state, made_at, closed_at, answer, amendment, hundredths,
    decided_by::text AS decided_by, account_id, concerns_from, concerns_to
FROM datamanagement.bff_appeal WHERE appeal_id = @appeal_id;

-- name: AppealsOpen :many
SELECT appeal_id, slug, title, name, licence_number, reason, words, state, made_at, closed_at, answer, amendment, hundredths,
    decided_by::text AS decided_by, account_id, concerns_from, concerns_to
FROM datamanagement.bff_appeal WHERE state = 'open' AND (made_at, appeal_id) > (@after::timestamptz, @after_id::uuid)
ORDER BY made_at, appeal_id LIMIT @most;

-- name: AppealsClosed :many
SELECT appeal_id, slug, title, name, licence_number, reason, words, state, made_at, closed_at, answer, amendment, hundredths,
    decided_by::text AS decided_by, account_id, concerns_from, concerns_to
FROM datamanagement.bff_appeal WHERE state <> 'open' AND (closed_at, appeal_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY closed_at DESC, appeal_id DESC LIMIT @most;

-- name: AppealsWaiting :one
SELECT count(*)::integer FROM datamanagement.bff_appeal WHERE state = 'open';

-- name: NotificationsMissed :many
SELECT text, path, created_at, count(*) OVER () AS unseen FROM notificationcenter.bff_notification
WHERE account_id = @account_id AND seen_at IS NULL ORDER BY created_at DESC, notification_id DESC LIMIT @most;

-- What the BFF shows of points: results and requests to administrators, their own ledger to members, and the plans of countries.

-- +goose Up
CREATE VIEW datamanagement.bff_points_webinar AS
    SELECT w.id AS webinar_id, w.slug, w.title, w.state, w.starts_at, w.ended_at, w.evaluated_at, w.hundredths FROM datamanagement.webinar w;

CREATE VIEW datamanagement.bff_result AS
    SELECT r.webinar_id, r.account_id, a.name, a.licence_number, a.profession, a.country, r.seconds, r.creditable, r.checks_answered,
           r.checks_counted, r.qualified, r.hundredths, r.reasons
    FROM datamanagement.attendance_result r JOIN datamanagement.account a ON a.id = r.account_id;

CREATE VIEW datamanagement.bff_agency_request AS
    SELECT q.id AS request_id, q.webinar_id, q.requested_at, q.viewers, q.qualified, q.hundredths, q.state,
           coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on, q.reference, q.answer,
           (SELECT count(*) FROM datamanagement.booking b WHERE b.request_id = q.id)::integer AS booked
    FROM datamanagement.agency_request q;

-- A line for each webinar that somebody watched, in the state that its points are in, and one for each correction.
CREATE VIEW datamanagement.bff_ledger AS
    SELECT r.account_id, r.webinar_id, w.slug, w.title, 'webinar' AS kind,
           to_char(w.started_at AT TIME ZONE w.zone, 'YYYY-MM-DD') AS day, coalesce(b.hundredths, r.hundredths) AS hundredths,
           CASE WHEN b.id IS NOT NULL THEN 'accepted' WHEN NOT r.qualified THEN 'missed'
                WHEN q.state IN ('sent', 'refused') THEN q.state ELSE 'earned' END AS state,
           coalesce(q.reference, '') AS reference, coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on,
           CASE WHEN q.state = 'refused' THEN q.answer ELSE '' END AS answer, r.reasons
    FROM datamanagement.attendance_result r
    JOIN datamanagement.webinar w ON w.id = r.webinar_id
    LEFT JOIN datamanagement.booking b ON b.webinar_id = r.webinar_id AND b.account_id = r.account_id AND b.kind = 'webinar'
    LEFT JOIN LATERAL (SELECT * FROM datamanagement.agency_request x WHERE x.webinar_id = r.webinar_id
                       ORDER BY x.requested_at DESC LIMIT 1) q ON true
    UNION ALL
    SELECT b.account_id, b.webinar_id, w.slug, w.title, b.kind, to_char(b.day, 'YYYY-MM-DD'), b.hundredths, 'accepted', '', '', b.note, '[]'
    FROM datamanagement.booking b JOIN datamanagement.webinar w ON w.id = b.webinar_id
    WHERE b.kind = 'correction' OR NOT EXISTS (SELECT FROM datamanagement.attendance_result r
                                               WHERE r.webinar_id = b.webinar_id AND r.account_id = b.account_id);

CREATE VIEW datamanagement.bff_requirement_plan AS
    SELECT country, name, plan FROM datamanagement.requirement_plan;

GRANT SELECT ON datamanagement.bff_points_webinar, datamanagement.bff_result, datamanagement.bff_agency_request, datamanagement.bff_ledger,
    datamanagement.bff_requirement_plan TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_requirement_plan, datamanagement.bff_ledger, datamanagement.bff_agency_request, datamanagement.bff_result,
    datamanagement.bff_points_webinar;

-- Appeals as the BFF shows them: their own to members, all to administrators; corrections in the ledger and among the requests.

-- +goose Up
CREATE VIEW datamanagement.bff_appeal AS
    SELECT p.id AS appeal_id, p.webinar_id, w.slug, w.title, w.ended_at, p.account_id, a.name, a.licence_number, p.reason, p.words, p.state,
           p.made_at, p.closed_at, p.answer, p.amendment, p.evidence, p.credit, p.hundredths, coalesce(d.name, '') AS decided_by
    FROM datamanagement.appeal p
    JOIN datamanagement.webinar w ON w.id = p.webinar_id
    JOIN datamanagement.account a ON a.id = p.account_id
    LEFT JOIN datamanagement.account d ON d.id = p.decided_by;
GRANT SELECT ON datamanagement.bff_appeal TO rounds_bff;

CREATE OR REPLACE VIEW datamanagement.bff_agency_request AS
    SELECT q.id AS request_id, q.webinar_id, q.requested_at, q.viewers, q.qualified, q.hundredths, q.state,
           coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on, q.reference, q.answer,
           (SELECT count(*) FROM datamanagement.booking b WHERE b.request_id = q.id)::integer AS booked,
           -- Whose correction it is; empty for the list of the webinar.
           coalesce(a.name, '') AS corrects
    FROM datamanagement.agency_request q
    LEFT JOIN datamanagement.appeal p ON p.id = q.appeal_id
    LEFT JOIN datamanagement.account a ON a.id = p.account_id;

CREATE OR REPLACE VIEW datamanagement.bff_ledger AS
    SELECT r.account_id, r.webinar_id, w.slug, w.title, 'webinar' AS kind,
           to_char(w.started_at AT TIME ZONE w.zone, 'YYYY-MM-DD') AS day, coalesce(b.hundredths, r.hundredths) AS hundredths,
           CASE WHEN b.id IS NOT NULL THEN 'accepted' WHEN NOT r.qualified THEN 'missed'
                WHEN q.state IN ('sent', 'refused') THEN q.state ELSE 'earned' END AS state,
           coalesce(q.reference, '') AS reference, coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on,
           CASE WHEN q.state = 'refused' THEN q.answer ELSE '' END AS answer, r.reasons
    FROM datamanagement.attendance_result r
    JOIN datamanagement.webinar w ON w.id = r.webinar_id
    LEFT JOIN datamanagement.booking b ON b.webinar_id = r.webinar_id AND b.account_id = r.account_id AND b.kind = 'webinar'
    LEFT JOIN LATERAL (SELECT * FROM datamanagement.agency_request x WHERE x.webinar_id = r.webinar_id AND x.appeal_id IS NULL
                       ORDER BY x.requested_at DESC LIMIT 1) q ON true
    UNION ALL
    SELECT b.account_id, b.webinar_id, w.slug, w.title, b.kind, to_char(b.day, 'YYYY-MM-DD'), b.hundredths, 'accepted',
           coalesce(q.reference, ''), coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), ''), b.note, '[]'
    FROM datamanagement.booking b JOIN datamanagement.webinar w ON w.id = b.webinar_id
    LEFT JOIN datamanagement.agency_request q ON q.id = b.request_id AND b.kind = 'correction'
    WHERE b.kind = 'correction' OR NOT EXISTS (SELECT FROM datamanagement.attendance_result r
                                               WHERE r.webinar_id = b.webinar_id AND r.account_id = b.account_id)
    UNION ALL
    -- A correction that the agency has not accepted.
    SELECT p.account_id, p.webinar_id, w.slug, w.title, 'correction', to_char(w.started_at AT TIME ZONE w.zone, 'YYYY-MM-DD'), p.hundredths,
           q.state, q.reference, coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), ''), CASE WHEN q.state = 'refused' THEN q.answer ELSE '' END, '[]'
    FROM datamanagement.appeal p
    JOIN datamanagement.webinar w ON w.id = p.webinar_id
    JOIN LATERAL (SELECT * FROM datamanagement.agency_request x WHERE x.appeal_id = p.id ORDER BY x.requested_at DESC, x.id DESC LIMIT 1) q ON true
    WHERE p.state = 'granted' AND q.state <> 'accepted';

CREATE VIEW datamanagement.notificationtaskrunner_appeal AS
    SELECT id AS appeal_id, account_id, webinar_id, answer, hundredths FROM datamanagement.appeal WHERE state IN ('granted', 'refused');
GRANT SELECT ON datamanagement.notificationtaskrunner_appeal TO rounds_notificationtaskrunner;

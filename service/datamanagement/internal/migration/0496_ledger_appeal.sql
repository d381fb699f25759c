-- A line of the ledger says how the appeal against it stands.

-- +goose Up
CREATE OR REPLACE VIEW datamanagement.bff_ledger AS
    SELECT r.account_id, r.webinar_id, w.slug, w.title, 'webinar' AS kind,
           to_char(w.started_at AT TIME ZONE w.zone, 'YYYY-MM-DD') AS day, coalesce(b.hundredths, r.hundredths) AS hundredths,
           CASE WHEN b.id IS NOT NULL THEN 'accepted' WHEN NOT r.qualified THEN 'missed'
                WHEN q.state IN ('sent', 'refused') THEN q.state ELSE 'earned' END AS state,
           coalesce(q.reference, '') AS reference, coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), '') AS answered_on,
           CASE WHEN q.state = 'refused' THEN q.answer ELSE '' END AS answer, r.reasons,
           coalesce((SELECT p.state FROM datamanagement.appeal p WHERE p.webinar_id = r.webinar_id AND p.account_id = r.account_id
                     ORDER BY p.made_at DESC, p.id DESC LIMIT 1), '') AS appeal
    FROM datamanagement.attendance_result r
    JOIN datamanagement.webinar w ON w.id = r.webinar_id
    LEFT JOIN datamanagement.booking b ON b.webinar_id = r.webinar_id AND b.account_id = r.account_id AND b.kind = 'webinar'
    LEFT JOIN LATERAL (SELECT * FROM datamanagement.agency_request x WHERE x.webinar_id = r.webinar_id AND x.appeal_id IS NULL
                       ORDER BY x.requested_at DESC LIMIT 1) q ON true
    UNION ALL
    SELECT b.account_id, b.webinar_id, w.slug, w.title, b.kind, to_char(b.day, 'YYYY-MM-DD'), b.hundredths, 'accepted',
           coalesce(q.reference, ''), coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), ''), b.note, '[]', ''
    FROM datamanagement.booking b JOIN datamanagement.webinar w ON w.id = b.webinar_id
    LEFT JOIN datamanagement.agency_request q ON q.id = b.request_id AND b.kind = 'correction'
    WHERE b.kind = 'correction' OR NOT EXISTS (SELECT FROM datamanagement.attendance_result r
                                               WHERE r.webinar_id = b.webinar_id AND r.account_id = b.account_id)
    UNION ALL
    -- A correction that the agency has not accepted.
    SELECT p.account_id, p.webinar_id, w.slug, w.title, 'correction', to_char(w.started_at AT TIME ZONE w.zone, 'YYYY-MM-DD'), p.hundredths,
           q.state, q.reference, coalesce(to_char(q.answered_on, 'YYYY-MM-DD'), ''), CASE WHEN q.state = 'refused' THEN q.answer ELSE '' END, '[]', ''
    FROM datamanagement.appeal p
    JOIN datamanagement.webinar w ON w.id = p.webinar_id
    JOIN LATERAL (SELECT * FROM datamanagement.agency_request x WHERE x.appeal_id = p.id ORDER BY x.requested_at DESC, x.id DESC LIMIT 1) q ON true
    WHERE p.state = 'granted' AND q.state <> 'accepted';

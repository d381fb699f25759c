-- Whose points a request was for that the agency refused: who is told of it.

-- +goose Up
CREATE VIEW datamanagement.notificationtaskrunner_refused AS
    SELECT q.id AS request_id, q.webinar_id, q.answer, r.account_id, r.hundredths
    FROM datamanagement.agency_request q
    JOIN datamanagement.attendance_result r ON r.webinar_id = q.webinar_id AND r.qualified AND r.hundredths > 0
    WHERE q.state = 'refused' AND q.appeal_id IS NULL
    UNION ALL
    -- A correction is for one person.
    SELECT q.id, q.webinar_id, q.answer, p.account_id, p.hundredths
    FROM datamanagement.agency_request q JOIN datamanagement.appeal p ON p.id = q.appeal_id
    WHERE q.state = 'refused';
GRANT SELECT ON datamanagement.notificationtaskrunner_refused TO rounds_notificationtaskrunner;

-- +goose Down
DROP VIEW datamanagement.notificationtaskrunner_refused;

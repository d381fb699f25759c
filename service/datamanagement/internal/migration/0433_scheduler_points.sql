-- Points are with the agency when it has accepted them: what was requested and not answered is warned of too.

-- +goose Up
CREATE OR REPLACE VIEW datamanagement.scheduler_points AS
    SELECT w.id AS webinar_id,
           w.evaluated_at IS NOT NULL
               AND EXISTS (SELECT FROM datamanagement.attendance_result r WHERE r.webinar_id = w.id AND r.qualified AND r.hundredths > 0)
               AND NOT EXISTS (SELECT FROM datamanagement.agency_request q
                               WHERE q.webinar_id = w.id AND q.appeal_id IS NULL AND q.state = 'accepted') AS open
    FROM datamanagement.webinar w WHERE w.state = 'ended';

-- +goose Down
CREATE OR REPLACE VIEW datamanagement.scheduler_points AS
    SELECT w.id AS webinar_id,
           w.evaluated_at IS NOT NULL
               AND EXISTS (SELECT FROM datamanagement.attendance_result r WHERE r.webinar_id = w.id AND r.qualified AND r.hundredths > 0)
               AND NOT EXISTS (SELECT FROM datamanagement.agency_request q
                               WHERE q.webinar_id = w.id AND q.appeal_id IS NULL AND q.state <> 'refused') AS open
    FROM datamanagement.webinar w WHERE w.state = 'ended';

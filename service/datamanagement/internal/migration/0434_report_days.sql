-- Until when a country takes the points of a webinar, beside what it asks for; whose rule that is stands with it.

-- +goose Up
ALTER TABLE datamanagement.requirement_plan
    ADD COLUMN report_days   integer CHECK (report_days > 0),
    ADD COLUMN report_source text,
    ADD CHECK ((report_days IS NULL) = (report_source IS NULL));
UPDATE datamanagement.requirement_plan SET report_days = 8,
    report_source = 'German Medical Association and state chambers: reported within 8 days of the end, corrected within 7 more. Check with the chamber before use.'
WHERE country = 'DE';

-- The shortest time of those who have earned points with a webinar; no row when none of their countries sets one.
CREATE VIEW datamanagement.scheduler_report AS
    SELECT r.webinar_id, min(p.report_days) AS days
    FROM datamanagement.attendance_result r
    JOIN datamanagement.account a ON a.id = r.account_id
    JOIN datamanagement.requirement_plan p ON p.country = a.country
    WHERE r.qualified AND r.hundredths > 0 AND p.report_days IS NOT NULL
    GROUP BY r.webinar_id;
GRANT SELECT ON datamanagement.scheduler_report TO rounds_scheduler;

-- +goose Down
DROP VIEW datamanagement.scheduler_report;
ALTER TABLE datamanagement.requirement_plan DROP COLUMN report_source, DROP COLUMN report_days;

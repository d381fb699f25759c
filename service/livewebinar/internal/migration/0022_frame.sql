-- What everybody of a webinar is judged by is fixed once, before the first page of attendance is written: whoever goes on after a crash
-- writes the same bytes, though a rule or the worth of the webinar was changed meanwhile.

-- +goose Up
CREATE TABLE livewebinar.frame (
    webinar_id uuid PRIMARY KEY REFERENCES livewebinar.room,
    -- rules/credit.Evidence without a person: rule, programme, incidents, what the webinar is worth.
    evidence   jsonb NOT NULL,
    fixed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT ON livewebinar.frame TO rounds_livewebinar;

-- Attendance is written page by page. Others see it when all pages are there, as when it was one transaction.
CREATE OR REPLACE VIEW livewebinar.datamanagement_attendance AS
    SELECT a.webinar_id, a.account_id, a.first_joined_at, a.seconds, a.evidence, a.sha256
    FROM livewebinar.attendance a JOIN livewebinar.room r ON r.webinar_id = a.webinar_id WHERE r.state = 'closed';

-- Attendance is written page by page; others see it when all pages are there (0022_frame.sql).

-- +goose Up
CREATE OR REPLACE VIEW livewebinar.bff_attendance AS
    SELECT a.webinar_id, a.account_id, a.evidence, a.sha256
    FROM livewebinar.attendance a JOIN livewebinar.room r ON r.webinar_id = a.webinar_id WHERE r.state = 'closed';

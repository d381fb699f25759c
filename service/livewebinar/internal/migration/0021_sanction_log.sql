-- Two hosts may decide about one person in the same revision: both decisions are kept.

-- +goose Up
ALTER TABLE livewebinar.sanction_log
    DROP CONSTRAINT sanction_log_pkey,
    ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
CREATE INDEX sanction_log_webinar ON livewebinar.sanction_log (webinar_id, account_id);

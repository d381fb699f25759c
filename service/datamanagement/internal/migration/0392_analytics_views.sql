-- What the figures of webinars need besides numbers: which webinar it was. No person stands here, not even who lectured.

-- +goose Up
CREATE VIEW datamanagement.bff_webinar_title AS
    SELECT w.id AS webinar_id, w.slug, w.title, w.starts_at, w.minutes, w.state FROM datamanagement.webinar w;

GRANT SELECT ON datamanagement.bff_webinar_title TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_webinar_title;

-- What the BFF shows of webinars: one window for lists, one for the page of a single one. Who may see a description is decided there.

-- +goose Up
CREATE VIEW datamanagement.bff_webinar AS
    SELECT w.id AS webinar_id, w.slug, w.title, w.state, w.starts_at, w.zone, w.minutes, w.hundredths, w.sequence,
           w.lecturer_id, l.slug AS lecturer_slug, l.name AS lecturer, l.title AS lecturer_title,
           w.category_id, c.slug AS category_slug, c.name_en AS category_en, c.name_sl AS category_sl
    FROM datamanagement.webinar w
    JOIN datamanagement.lecturer l ON l.id = w.lecturer_id
    JOIN datamanagement.category c ON c.id = w.category_id;

CREATE VIEW datamanagement.bff_webinar_page AS
    SELECT w.id AS webinar_id, w.description, w.description_html, w.version, w.video_url, w.started_at, w.ended_at, w.cancel_reason,
           w.credit_rule_id, r.name AS rule_name, r.version AS rule_version, coalesce(w.frozen_rule, r.rule)::jsonb AS rule
    FROM datamanagement.webinar w JOIN datamanagement.credit_rule r ON r.id = w.credit_rule_id;

CREATE VIEW datamanagement.bff_credit_rule AS
    SELECT DISTINCT ON (name) id AS credit_rule_id, name, version, rule FROM datamanagement.credit_rule ORDER BY name, version DESC;

-- What somebody follows, with the name of it.
CREATE VIEW datamanagement.bff_subscription AS
    SELECT s.account_id, s.kind, s.target_id, s.created_at, coalesce(w.slug, c.slug, l.slug, '')::text AS slug,
           coalesce(w.title, c.name_en, l.name, '')::text AS name_en, coalesce(w.title, c.name_sl, l.name, '')::text AS name_sl, w.starts_at
    FROM datamanagement.subscription s
    LEFT JOIN datamanagement.webinar w ON s.kind = 'webinar' AND w.id = s.target_id
    LEFT JOIN datamanagement.category c ON s.kind = 'category' AND c.id = s.target_id
    LEFT JOIN datamanagement.lecturer l ON s.kind = 'lecturer' AND l.id = s.target_id;

GRANT SELECT ON datamanagement.bff_webinar, datamanagement.bff_webinar_page, datamanagement.bff_credit_rule, datamanagement.bff_subscription
    TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_subscription;
DROP VIEW datamanagement.bff_credit_rule;
DROP VIEW datamanagement.bff_webinar_page;
DROP VIEW datamanagement.bff_webinar;

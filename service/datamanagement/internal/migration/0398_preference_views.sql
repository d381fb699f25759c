-- What the BFF shows of what people want to be told of: their own choices, with the name of what is an exception.

-- +goose Up
CREATE VIEW datamanagement.bff_preference AS
    SELECT p.account_id, p.topic, p.target_id, p.channel, p.enabled,
           (CASE WHEN w.id IS NOT NULL THEN 'webinar' WHEN c.id IS NOT NULL THEN 'category' WHEN l.id IS NOT NULL THEN 'lecturer' ELSE '' END)::text AS target_kind,
           coalesce(w.slug, c.slug, l.slug, '')::text AS slug,
           coalesce(w.title, c.name_en, l.name, '')::text AS name_en, coalesce(w.title, c.name_sl, l.name, '')::text AS name_sl
    FROM datamanagement.preference p
    LEFT JOIN datamanagement.webinar w ON w.id = p.target_id
    LEFT JOIN datamanagement.category c ON c.id = p.target_id
    LEFT JOIN datamanagement.lecturer l ON l.id = p.target_id;
CREATE VIEW datamanagement.bff_notification_setting AS
    SELECT account_id, quiet_from, quiet_to, article_digest, paused_until FROM datamanagement.notification_setting;
GRANT SELECT ON datamanagement.bff_preference, datamanagement.bff_notification_setting TO rounds_bff;

-- Whose webinar it is: who is told that nobody is there to host it.
CREATE VIEW datamanagement.notificationtaskrunner_host AS
    SELECT w.id AS webinar_id, l.account_id FROM datamanagement.webinar w JOIN datamanagement.lecturer l ON l.id = w.lecturer_id
    WHERE l.account_id IS NOT NULL;
GRANT SELECT ON datamanagement.notificationtaskrunner_host TO rounds_notificationtaskrunner;

-- +goose Down
DROP VIEW datamanagement.notificationtaskrunner_host;
DROP VIEW datamanagement.bff_notification_setting, datamanagement.bff_preference;

-- What people want to be told of, and how. All is on unless there is a row that says no.

-- +goose Up
CREATE TABLE datamanagement.preference (
    account_id uuid NOT NULL REFERENCES datamanagement.account,
    topic      text NOT NULL CHECK (topic IN ('webinar', 'change', 'article', 'reply', 'points', 'licence')),
    -- The one webinar, category or lecturer; zero is the whole topic.
    target_id  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    channel    text NOT NULL CHECK (channel IN ('site', 'email', 'push')),
    enabled    boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, topic, target_id, channel)
);

CREATE TABLE datamanagement.notification_setting (
    account_id     uuid PRIMARY KEY REFERENCES datamanagement.account,
    -- Minutes after midnight on the clocks of the person's zone; from 22:00 to 06:00 goes over midnight.
    quiet_from     smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_to       smallint CHECK (quiet_to BETWEEN 0 AND 1439),
    article_digest text NOT NULL DEFAULT 'off' CHECK (article_digest IN ('off', 'daily', 'weekly')),
    paused_until   timestamptz,
    changed_at     timestamptz NOT NULL,
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
    CHECK (quiet_from <> quiet_to)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON datamanagement.preference TO rounds_datamanagement;
GRANT SELECT, INSERT, UPDATE ON datamanagement.notification_setting TO rounds_datamanagement;

CREATE VIEW datamanagement.notificationtaskrunner_preference AS
    SELECT account_id, topic, target_id, channel, enabled FROM datamanagement.preference;
CREATE VIEW datamanagement.notificationtaskrunner_setting AS
    SELECT account_id, quiet_from, quiet_to, article_digest, paused_until FROM datamanagement.notification_setting;
GRANT SELECT ON datamanagement.notificationtaskrunner_preference, datamanagement.notificationtaskrunner_setting TO rounds_notificationtaskrunner;

-- +goose Down
DROP VIEW datamanagement.notificationtaskrunner_setting, datamanagement.notificationtaskrunner_preference;
DROP TABLE datamanagement.notification_setting, datamanagement.preference;

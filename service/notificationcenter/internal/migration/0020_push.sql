-- Browsers that people want to be told in, by Web Push.

-- +goose Up
CREATE TABLE notificationcenter.push_subscription (
    id         uuid        PRIMARY KEY,
    account_id uuid        NOT NULL,
    endpoint   text        NOT NULL UNIQUE CHECK (length(endpoint) <= 2000), -- of the browser; secret, since who knows it can reach it
    p256dh     text        NOT NULL CHECK (length(p256dh) <= 200),
    auth       text        NOT NULL CHECK (length(auth) <= 100),
    label      text        NOT NULL CHECK (length(label) <= 100),
    created_at timestamptz NOT NULL,
    used_at    timestamptz,                 -- when it last took a message
    reason     text        NOT NULL DEFAULT '' -- why it did not take the last one
);
CREATE INDEX push_subscription_account ON notificationcenter.push_subscription (account_id, created_at);

-- What a browser has taken, or will never take: a message that is tried again for the sake of another browser does not ring twice.
CREATE TABLE notificationcenter.push_done (
    message_id      uuid NOT NULL,
    subscription_id uuid NOT NULL REFERENCES notificationcenter.push_subscription ON DELETE CASCADE,
    at              timestamptz NOT NULL,
    PRIMARY KEY (message_id, subscription_id)
);
CREATE INDEX push_done_subscription ON notificationcenter.push_done (subscription_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON notificationcenter.push_subscription TO rounds_notificationcenter;
GRANT SELECT, INSERT, DELETE ON notificationcenter.push_done TO rounds_notificationcenter;

-- Who can be reached at all: for others no message needs to be made.
CREATE VIEW notificationcenter.notificationtaskrunner_push AS
    SELECT DISTINCT account_id FROM notificationcenter.push_subscription;
GRANT SELECT ON notificationcenter.notificationtaskrunner_push TO rounds_notificationtaskrunner;

CREATE VIEW notificationcenter.bff_device AS
    SELECT id AS device_id, account_id, label, created_at, used_at, reason FROM notificationcenter.push_subscription;
GRANT SELECT ON notificationcenter.bff_device TO rounds_bff;

-- +goose Down
DROP VIEW notificationcenter.bff_device, notificationcenter.notificationtaskrunner_push;
DROP TABLE notificationcenter.push_done, notificationcenter.push_subscription;

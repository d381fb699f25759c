-- How long each table keeps what; no number: for ever. See kit/retain.

-- +goose Up
CREATE TABLE notificationcenter.retention (
    "table" text    PRIMARY KEY,
    days    integer CHECK (days >= 0),
    -- The moment from which they are counted, and of which rows; expressions over the table.
    since   text,
    only_if text    NOT NULL DEFAULT 'true',
    why     text    NOT NULL,
    CHECK ((days IS NULL) = (since IS NULL))
);
INSERT INTO notificationcenter.retention ("table", days, since, only_if, why) VALUES
    ('notification', 400, 'created_at', 'true', 'a person finds a year of news, and a little more'),
    -- It says that a message was sent, so it stays longer than any message can come again.
    ('delivery', 400, 'at', 'state NOT IN (''waiting'', ''retry'')', 'a person sees what was sent where for a year, and a little more'),
    ('mail', 30, 'at', 'true', 'the mailbox of a demo: letters with names and addresses'),
    ('suppression', NULL, NULL, 'true', 'an address that came back is not written to until somebody lifts it'),
    ('push_subscription', NULL, NULL, 'true', 'until it is turned off, or its push service says that it is gone'),
    ('push_done', 90, 'at', 'true', 'no message is tried that long'),
    ('retention', NULL, NULL, 'true', 'the rules themselves');
GRANT SELECT ON notificationcenter.retention TO rounds_notificationcenter;
CREATE INDEX notification_created ON notificationcenter.notification (created_at);
CREATE INDEX delivery_at ON notificationcenter.delivery (at);

-- +goose Down
DROP TABLE notificationcenter.retention;

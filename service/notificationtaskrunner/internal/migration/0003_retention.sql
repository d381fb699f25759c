-- How long each table keeps what; no number: for ever. See kit/retain.

-- +goose Up
CREATE TABLE notificationtaskrunner.retention (
    "table" text    PRIMARY KEY,
    days    integer CHECK (days >= 0),
    -- The moment from which they are counted, and of which rows; expressions over the table.
    since   text,
    only_if text    NOT NULL DEFAULT 'true',
    why     text    NOT NULL,
    CHECK ((days IS NULL) = (since IS NULL))
);
INSERT INTO notificationtaskrunner.retention ("table", days, since, only_if, why) VALUES
    -- It says that everybody was told, so it stays longer than any event can come again.
    ('run', 400, 'ended_at', 'ended_at IS NOT NULL', 'for questions about who was told when'),
    ('digest_item', NULL, NULL, 'true', 'until a digest takes it; each digest also forgets what waited too long'),
    ('retention', NULL, NULL, 'true', 'the rules themselves');
GRANT SELECT ON notificationtaskrunner.retention TO rounds_notificationtaskrunner;

-- +goose Down
DROP TABLE notificationtaskrunner.retention;

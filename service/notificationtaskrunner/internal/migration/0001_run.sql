-- A run is one event on its way to everybody it concerns. Its cursor moves with each page of recipients, in the
-- transaction that puts their messages, so that a killed instance leaves nobody out and tells nobody twice.

-- +goose Up
GRANT USAGE ON SCHEMA notificationtaskrunner TO rounds_notificationtaskrunner;

CREATE TABLE notificationtaskrunner.run (
    id          text        PRIMARY KEY, -- what happened, such as reminder/<webinar>/<sequence>/<start>
    kind        text        NOT NULL,    -- of the notification
    subject     uuid        NOT NULL,    -- the webinar, article, comment, application that it is about
    person      uuid,                    -- the only recipient; NULL: whoever is subscribed
    sequence    integer     NOT NULL DEFAULT 0,
    amount      integer     NOT NULL DEFAULT 0,
    expires_at  timestamptz,
    trace       text        NOT NULL DEFAULT '',
    began_at    timestamptz NOT NULL,
    last_person uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    told        integer     NOT NULL DEFAULT 0,
    ended_at    timestamptz,
    ending      text        NOT NULL DEFAULT '' -- why it ended early
);
CREATE INDEX run_open ON notificationtaskrunner.run (began_at) WHERE ended_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON notificationtaskrunner.run TO rounds_notificationtaskrunner;

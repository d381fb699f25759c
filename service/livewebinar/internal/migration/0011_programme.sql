-- The programme as hosts mark it, and how the room has been, minute by minute.
-- +goose Up
-- From a moment on it is this, until the next mark. Append-only: credit follows from it.
CREATE TABLE livewebinar.segment (
    webinar_id uuid NOT NULL REFERENCES livewebinar.room,
    from_at    timestamptz NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('talk', 'break', 'sponsor')),
    account_id uuid NOT NULL,
    -- Of the board, with which it was told.
    revision   integer NOT NULL,
    PRIMARY KEY (webinar_id, from_at)
);

-- Written by the keeper. Checks are those whose window ended within the minute; void ones are not among them.
CREATE TABLE livewebinar.sample (
    webinar_id uuid NOT NULL REFERENCES livewebinar.room,
    at         timestamptz NOT NULL,
    viewers    integer NOT NULL CHECK (viewers >= 0),
    checks     integer NOT NULL DEFAULT 0,
    answered   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (webinar_id, at)
);

GRANT SELECT, INSERT ON livewebinar.segment TO rounds_livewebinar;
GRANT SELECT, INSERT, UPDATE ON livewebinar.sample TO rounds_livewebinar;
-- An incident grows while it lasts; nothing else of it changes.
GRANT UPDATE (to_at) ON livewebinar.incident TO rounds_livewebinar;

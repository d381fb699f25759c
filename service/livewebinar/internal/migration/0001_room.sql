-- The rooms: what was said in them, who watched, and what follows from it.

-- +goose Up
GRANT USAGE ON SCHEMA livewebinar TO rounds_livewebinar, rounds_datamanagement, rounds_bff;

CREATE TABLE livewebinar.room (
    webinar_id    uuid PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('open', 'closing', 'closed', 'abandoned')),
    opened_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    -- The number of the last chat message. Its row lock makes the sequence gapless, whoever writes.
    last_sequence integer NOT NULL DEFAULT 0,
    -- The secret that presence checks follow from, drawn when the room opens; no window shows it while it is open.
    seed          bytea NOT NULL CHECK (length(seed) = 32),
    commitment    text NOT NULL,
    -- The last moment at which the service wrote down what its viewers did: a gap is our failure, not theirs.
    alive_at      timestamptz NOT NULL,
    viewers       integer NOT NULL DEFAULT 0,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX room_state ON livewebinar.room (state) WHERE state IN ('open', 'closing');

CREATE TABLE livewebinar.message (
    webinar_id uuid NOT NULL REFERENCES livewebinar.room,
    sequence   integer NOT NULL CHECK (sequence > 0),
    -- Chosen by the browser: what is sent again after a lost connection is kept once.
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 120),
    host       boolean NOT NULL,
    body       text NOT NULL CHECK (length(body) BETWEEN 1 AND 500),
    sent_at    timestamptz NOT NULL,
    PRIMARY KEY (webinar_id, sequence),
    UNIQUE (webinar_id, account_id, id)
);

-- The watch log, append-only. Everything a browser reported, also what was refused: it is evidence.
CREATE TABLE livewebinar.beat (
    webinar_id  uuid NOT NULL,
    account_id  uuid NOT NULL,
    stream      text NOT NULL CHECK (length(stream) <= 60),
    sequence    bigint NOT NULL,
    event       text NOT NULL CHECK (event IN ('joined', 'playing', 'paused', 'stalled', 'left', 'lost')),
    at          timestamptz NOT NULL,
    position_ms integer NOT NULL,
    hidden      boolean NOT NULL
);
CREATE INDEX beat_viewer ON livewebinar.beat (webinar_id, account_id);

CREATE TABLE livewebinar.presence_check (
    webinar_id   uuid NOT NULL,
    account_id   uuid NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    due_at       timestamptz NOT NULL,
    sent_at      timestamptz,
    delivered_at timestamptz,
    answered_at  timestamptz,
    PRIMARY KEY (webinar_id, account_id, number)
);

-- Times in which the rooms themselves failed. They leave the denominator for everybody.
CREATE TABLE livewebinar.incident (
    webinar_id uuid NOT NULL REFERENCES livewebinar.room,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL CHECK (to_at > from_at),
    reason     text NOT NULL,
    PRIMARY KEY (webinar_id, from_at)
);

-- Frozen when the room closes, never changed afterwards. evidence is rules/credit.Evidence; sha256 is the hash of what
-- rules/credit makes of it when it is read and written again, so that a change of a single digit shows.
CREATE TABLE livewebinar.attendance (
    webinar_id      uuid NOT NULL REFERENCES livewebinar.room,
    account_id      uuid NOT NULL,
    first_joined_at timestamptz NOT NULL,
    seconds         integer NOT NULL CHECK (seconds >= 0),
    evidence        jsonb NOT NULL,
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (webinar_id, account_id)
);

GRANT SELECT, INSERT, UPDATE ON livewebinar.room TO rounds_livewebinar;
GRANT SELECT, INSERT ON livewebinar.message, livewebinar.beat, livewebinar.incident, livewebinar.attendance TO rounds_livewebinar;
GRANT SELECT, INSERT, UPDATE ON livewebinar.presence_check TO rounds_livewebinar;

CREATE VIEW livewebinar.datamanagement_attendance AS
    SELECT webinar_id, account_id, first_joined_at, seconds, evidence, sha256 FROM livewebinar.attendance;
CREATE VIEW livewebinar.datamanagement_room AS
    SELECT webinar_id, state, opened_at, closed_at, viewers, commitment,
           CASE WHEN state = 'closed' THEN encode(seed, 'hex') END AS seed
    FROM livewebinar.room;
CREATE VIEW livewebinar.bff_message AS
    SELECT webinar_id, sequence, name, host, body, sent_at FROM livewebinar.message;
GRANT SELECT ON livewebinar.datamanagement_attendance, livewebinar.datamanagement_room TO rounds_datamanagement;
GRANT SELECT ON livewebinar.bff_message TO rounds_bff;

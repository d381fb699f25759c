-- Several instances serve the same rooms: who they are, what time it is for all of them, and what each wrote when.
-- +goose Up
-- The clock of the rooms. All instances measure how far theirs is from it, and stamp what happens with this one.
CREATE FUNCTION livewebinar.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
REVOKE ALL ON FUNCTION livewebinar.clock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION livewebinar.clock TO rounds_livewebinar;

-- Who serves. An instance that was not seen for longer than its lease is held to be dead; leases are counted by the real
-- clock of the database.
CREATE TABLE livewebinar.instance (
    id         uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- An instance has said goodbye in a closing room and written down all that its viewers did there.
CREATE TABLE livewebinar.drain (
    webinar_id uuid NOT NULL REFERENCES livewebinar.room,
    instance   uuid NOT NULL,
    drained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (webinar_id, instance)
);

-- The end of the webinar: set once, when it is asked for, whoever closes the room then.
ALTER TABLE livewebinar.room ADD COLUMN closing_at timestamptz;

-- Who wrote a line of the watch log, when, and in which transaction: how the other instances find what is new to them.
-- Defaults come after the columns, so that the table is not written anew.
ALTER TABLE livewebinar.beat ADD COLUMN instance uuid, ADD COLUMN written_at timestamptz, ADD COLUMN written_by xid8;
ALTER TABLE livewebinar.beat ALTER COLUMN written_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN written_by SET DEFAULT pg_current_xact_id();
CREATE INDEX beat_written ON livewebinar.beat (webinar_id, written_at);
ALTER TABLE livewebinar.presence_check ADD COLUMN written_at timestamptz;
ALTER TABLE livewebinar.presence_check ALTER COLUMN written_at SET DEFAULT clock_timestamp();
CREATE INDEX presence_check_written ON livewebinar.presence_check (webinar_id, written_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON livewebinar.instance TO rounds_livewebinar;
GRANT SELECT, INSERT ON livewebinar.drain TO rounds_livewebinar;

-- What time asks for beside reminders: whether hosts are there, until when points can be requested, and what comes again and again.

-- +goose Up
ALTER TABLE scheduler.timer DROP CONSTRAINT timer_kind_check;
ALTER TABLE scheduler.timer ADD CONSTRAINT timer_kind_check CHECK (kind IN ('start', 'end', 'reminder', 'hosts', 'points'));
-- What a warning leads to, which due_at does not tell once it was put off.
ALTER TABLE scheduler.timer ADD COLUMN deadline timestamptz;

-- One row for each thing that comes again and again. A period is fired by the transaction that writes its end into last_at, so once,
-- whoever else tries; periods that passed while nothing ran are one: from the last that was fired to the last that is over.
CREATE TABLE scheduler.recurrence (
    name        text        PRIMARY KEY,
    last_at     timestamptz NOT NULL, -- the end of the last period that was fired
    due_at      timestamptz NOT NULL,
    token       integer     NOT NULL DEFAULT 0, -- grows with each claim, as of timers
    lease_until timestamptz,
    attempts    integer     NOT NULL DEFAULT 0,
    error       text        NOT NULL DEFAULT ''
);
GRANT SELECT, INSERT, UPDATE ON scheduler.recurrence TO rounds_scheduler;

-- How long each table keeps what; no number: for ever.
CREATE TABLE scheduler.retention (
    "table" text    PRIMARY KEY,
    days    integer CHECK (days > 0),
    why     text    NOT NULL
);
INSERT INTO scheduler.retention ("table", days, why) VALUES
    ('plan', NULL, 'one row a webinar; it says what was planned as long as the webinar is there'),
    ('timer', 90, 'fired or cancelled: for questions about what happened when'),
    ('recurrence', NULL, 'one row for each thing that comes again'),
    ('retention', NULL, 'the rules themselves');
GRANT SELECT ON scheduler.retention TO rounds_scheduler;

-- Deletes at most so many rows of what need not be kept any longer, and tells how many: whoever calls does so until there is nothing.
-- +goose StatementBegin
CREATE FUNCTION scheduler.retain(p_now timestamptz, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = scheduler, pg_temp AS $$
DECLARE
    v_gone bigint;
BEGIN
    DELETE FROM timer t WHERE t.id IN (
        SELECT o.id FROM timer o, retention r
        WHERE r."table" = 'timer' AND o.state IN ('done', 'cancelled') AND o.due_at < p_now - make_interval(days => r.days)
            -- The tries of a start are counted while its webinar may still run.
            AND o.webinar_id IN (SELECT p.webinar_id FROM plan p WHERE p.starts_at < p_now - make_interval(days => r.days))
        ORDER BY o.due_at LIMIT p_most);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION scheduler.retain(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.retain(timestamptz, integer) TO rounds_scheduler;
CREATE INDEX timer_over ON scheduler.timer (due_at) WHERE state <> 'waiting';

-- +goose Down
DROP FUNCTION scheduler.retain(timestamptz, integer);
DROP INDEX scheduler.timer_over;
DROP TABLE scheduler.retention, scheduler.recurrence;
ALTER TABLE scheduler.timer DROP COLUMN deadline;
DELETE FROM scheduler.timer WHERE kind IN ('hosts', 'points');
ALTER TABLE scheduler.timer DROP CONSTRAINT timer_kind_check;
ALTER TABLE scheduler.timer ADD CONSTRAINT timer_kind_check CHECK (kind IN ('start', 'end', 'reminder'));

-- What is planned, and when to act. Data management tells of a webinar through plan_webinar, within the transaction of
-- its own change, so that plan and webinar never differ.

-- +goose Up
GRANT USAGE ON SCHEMA scheduler TO rounds_scheduler, rounds_datamanagement;

CREATE TABLE scheduler.plan (
    webinar_id uuid        PRIMARY KEY,
    starts_at  timestamptz NOT NULL,
    minutes    integer     NOT NULL CHECK (minutes > 0),
    sequence   integer     NOT NULL, -- grows with each change of the webinar's time
    cancelled  boolean     NOT NULL DEFAULT false
);

CREATE INDEX plan_ahead ON scheduler.plan (starts_at) WHERE NOT cancelled;

CREATE TABLE scheduler.timer (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webinar_id uuid        NOT NULL REFERENCES scheduler.plan,
    kind       text        NOT NULL CHECK (kind IN ('start', 'end', 'reminder')),
    sequence   integer     NOT NULL, -- of the plan that it belongs to
    lead       integer     NOT NULL DEFAULT 0, -- seconds before the start, of a reminder
    try        integer     NOT NULL DEFAULT 1, -- of a start that had to be undone
    due_at     timestamptz NOT NULL,
    state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'cancelled')),
    token      integer     NOT NULL DEFAULT 0, -- grows with each claim; an instance with an older one may not act
    lease_until timestamptz,
    attempts   integer     NOT NULL DEFAULT 0,
    error      text        NOT NULL DEFAULT '',
    UNIQUE (webinar_id, kind, sequence, lead, try)
);
CREATE INDEX timer_due ON scheduler.timer (due_at) WHERE state = 'waiting';

GRANT SELECT ON scheduler.plan TO rounds_scheduler;
GRANT SELECT, INSERT, UPDATE ON scheduler.timer TO rounds_scheduler;

-- +goose StatementBegin
CREATE FUNCTION scheduler.plan_webinar(p_webinar uuid, p_starts_at timestamptz, p_minutes integer, p_sequence integer,
    p_cancelled boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = scheduler, pg_temp AS $$
BEGIN
    INSERT INTO plan (webinar_id, starts_at, minutes, sequence, cancelled)
    VALUES (p_webinar, p_starts_at, p_minutes, p_sequence, p_cancelled)
    ON CONFLICT (webinar_id) DO UPDATE
    SET starts_at = excluded.starts_at, minutes = excluded.minutes, sequence = excluded.sequence,
        cancelled = excluded.cancelled
    WHERE plan.sequence < excluded.sequence;
    IF NOT FOUND THEN
        RETURN; -- Told before, or overtaken by a later change.
    END IF;
    UPDATE timer SET state = 'cancelled' WHERE webinar_id = p_webinar AND state = 'waiting' AND sequence < p_sequence;
    IF NOT p_cancelled THEN
        INSERT INTO timer (webinar_id, kind, sequence, due_at) VALUES
            (p_webinar, 'start', p_sequence, p_starts_at),
            (p_webinar, 'end', p_sequence, p_starts_at + make_interval(mins => p_minutes));
    END IF;
    PERFORM pg_notify('scheduler_timer', '');
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION scheduler.plan_webinar FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.plan_webinar TO rounds_datamanagement;

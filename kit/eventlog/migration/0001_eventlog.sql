-- The event log. Nobody but the owner has a right on its tables: functions append and read, and ask eventlog.permission
-- about session_user, which no SET ROLE can change.

-- +goose Up

GRANT USAGE ON SCHEMA eventlog TO PUBLIC;

CREATE TABLE eventlog.permission (
    role       text    NOT NULL,
    type       text    NOT NULL, -- of the event; saga.* stands for all that begin with saga.
    may_append boolean NOT NULL,
    may_read   boolean NOT NULL,
    PRIMARY KEY (role, type)
);

CREATE TABLE eventlog.stream (
    stream  text    PRIMARY KEY,
    version integer NOT NULL,
    xid     xid8    NOT NULL -- of its last event
) WITH (fillfactor = 70);

CREATE TABLE eventlog.event (
    pos     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid     xid8        NOT NULL, -- the transaction, or the stream's event before it if that has a higher one
    stream  text        NOT NULL,
    version integer     NOT NULL,
    type    text        NOT NULL,
    payload jsonb       NOT NULL,
    trace   text        NOT NULL,
    actor   text        NOT NULL DEFAULT session_user,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, version)
);
CREATE INDEX event_xid ON eventlog.event (xid, pos, type);

-- What comes before (xid, pos) is done.
CREATE TABLE eventlog.place (
    role  text        NOT NULL,
    grp   text        NOT NULL,
    xid   xid8        NOT NULL,
    pos   bigint      NOT NULL,
    at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (role, grp)
) WITH (fillfactor = 50);

CREATE SEQUENCE eventlog.bell;

-- Inside the functions below current_user is the owner; its members (an administrator, never a service) may do everything.
-- Who may append a type may also read it.
-- +goose StatementBegin
CREATE FUNCTION eventlog.may(p_type text, p_append boolean) RETURNS boolean
LANGUAGE sql STABLE SET search_path = eventlog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM permission p WHERE p.role = session_user AND p_type LIKE replace(p.type, '*', '%')
                   AND (p.may_append OR (p.may_read AND NOT p_append)))
        OR pg_has_role(session_user, current_user, 'MEMBER')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.demand(p_types text[], p_append boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = eventlog, pg_temp AS $$
DECLARE
    v_type text;
BEGIN
    SELECT t INTO v_type FROM unnest(p_types) t WHERE NOT may(t, p_append) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role % may not % event %', session_user, CASE WHEN p_append THEN 'append' ELSE 'read' END, v_type
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;
-- +goose StatementEnd

-- The update of the stream's row serialises its writers until they commit, and pos is drawn after it: so pos follows
-- version, and xid never falls within a stream. NOTIFY in every commit would make all commits wait for each other, so at most one in 2 ms; a sequence
-- remembers the last, because it neither waits for nor rolls back with a transaction.
-- +goose StatementBegin
CREATE FUNCTION eventlog.append(p_stream text, p_expected integer, p_type text, p_payload jsonb, p_trace text,
    OUT pos bigint, OUT version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_version integer;
    v_xid     xid8;
    v_pos     bigint;
    v_now     bigint;
BEGIN
    PERFORM demand(ARRAY[p_type], true);
    IF p_expected = -1 THEN
        INSERT INTO stream AS s (stream, version, xid) VALUES (p_stream, 1, pg_current_xact_id())
            ON CONFLICT (stream) DO UPDATE SET version = s.version + 1, xid = greatest(s.xid, excluded.xid)
            RETURNING s.version, s.xid INTO v_version, v_xid;
    ELSIF p_expected = 0 THEN
        INSERT INTO stream AS s (stream, version, xid) VALUES (p_stream, 1, pg_current_xact_id()) ON CONFLICT DO NOTHING
            RETURNING s.version, s.xid INTO v_version, v_xid;
    ELSE
        UPDATE stream s SET version = s.version + 1, xid = greatest(s.xid, pg_current_xact_id())
            WHERE s.stream = p_stream AND s.version = p_expected RETURNING s.version, s.xid INTO v_version, v_xid;
    END IF;
    IF v_version IS NULL THEN
        RAISE EXCEPTION 'stream % is not at version %', p_stream, p_expected USING ERRCODE = 'RE001';
    END IF;
    INSERT INTO event AS e (xid, stream, version, type, payload, trace)
        VALUES (v_xid, p_stream, v_version, p_type, p_payload, p_trace) RETURNING e.pos INTO v_pos;
    v_now := extract(epoch FROM clock_timestamp()) * 1000;
    IF abs(v_now - coalesce(pg_sequence_last_value('eventlog.bell'), 0)) >= 2 THEN
        PERFORM setval('eventlog.bell', v_now);
        PERFORM pg_notify('eventlog', '');
    END IF;
    pos := v_pos;
    version := v_version;
END $$;
-- +goose StatementEnd

-- (jit = off: a plan that is forced looks dear to the planner, and compiling it took 80 ms of 88.)
-- One instance of a group is active: the one whose transaction holds the lock. It is an advisory lock and not a row lock,
-- because a row lock would give the transaction a number, and so hold back everybody's horizon before the first write.
-- Nothing is answered when another is active or nothing new is there.
-- +goose StatementBegin
CREATE FUNCTION eventlog.claim(p_group text, p_types text[], OUT xid xid8, OUT pos bigint, OUT horizon xid8) RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    v_xid     xid8 := '0';
    v_pos     bigint := 0;
    v_horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    v_place   place%ROWTYPE;
BEGIN
    PERFORM demand(p_types, false);
    IF NOT pg_try_advisory_xact_lock(hashtext('eventlog ' || session_user), hashtext(p_group)) THEN
        RETURN;
    END IF;
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', true); -- a frozen instance lets go
    SELECT * INTO v_place FROM place p WHERE p.role = session_user AND p.grp = p_group;
    IF FOUND THEN
        v_xid := v_place.xid;
        v_pos := v_place.pos;
    END IF;
    IF EXISTS (SELECT FROM event e WHERE (e.xid, e.pos) > (v_xid, v_pos) AND e.xid < v_horizon AND e.type = ANY (p_types)) THEN
        xid := v_xid;
        pos := v_pos;
        horizon := v_horizon;
        RETURN NEXT;
    ELSIF (SELECT count(*) > 500 FROM (
            SELECT FROM event e WHERE (e.xid, e.pos) > (v_xid, v_pos) AND e.xid < v_horizon LIMIT 501) others) THEN
        PERFORM save(p_group, v_horizon, 0); -- so that what does not concern the group is not walked over for ever
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.read(p_xid xid8, p_pos bigint, p_horizon xid8, p_types text[], p_limit integer) RETURNS SETOF eventlog.event
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp
    SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    PERFORM demand(p_types, false);
    RETURN QUERY SELECT e.* FROM event e
        WHERE (e.xid, e.pos) > (p_xid, p_pos) AND e.xid < least(p_horizon, pg_snapshot_xmin(pg_current_snapshot())) AND e.type = ANY (p_types)
        ORDER BY e.xid, e.pos LIMIT p_limit;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.save(p_group text, p_xid xid8, p_pos bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
    INSERT INTO place AS p (role, grp, xid, pos) VALUES (session_user, p_group, p_xid, p_pos)
    ON CONFLICT (role, grp) DO UPDATE SET xid = excluded.xid, pos = excluded.pos, at = now()
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.rewind(p_group text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('eventlog ' || session_user), hashtext(p_group));
    DELETE FROM place c WHERE c.role = session_user AND c.grp = p_group;
    PERFORM pg_notify('eventlog', '');
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.stream_events(p_stream text, p_after integer) RETURNS SETOF eventlog.event
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
BEGIN
    PERFORM demand(ARRAY(SELECT DISTINCT e.type FROM event e WHERE e.stream = p_stream AND e.version > p_after), false);
    RETURN QUERY SELECT e.* FROM event e WHERE e.stream = p_stream AND e.version > p_after ORDER BY e.version;
END $$;
-- +goose StatementEnd

-- After a restore into a cluster with other transaction numbers: all events are over, in the order of pos. Each group goes
-- on at its first event that was not done; a few after it may be handled again.
-- +goose StatementBegin
CREATE FUNCTION eventlog.restored() RETURNS void
LANGUAGE plpgsql SET search_path = eventlog, pg_temp AS $$
BEGIN
    UPDATE place p SET xid = CASE WHEN n.pos IS NULL THEN '1'::xid8 ELSE '0'::xid8 END, pos = coalesce(n.pos - 1, 0)
    FROM (SELECT p2.role, p2.grp, min(e.pos) AS pos FROM place p2
          LEFT JOIN event e ON (e.xid, e.pos) > (p2.xid, p2.pos) GROUP BY p2.role, p2.grp) n
    WHERE p.role = n.role AND p.grp = n.grp;
    UPDATE event SET xid = '0';
    UPDATE stream SET xid = '0';
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA eventlog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog.append(text, integer, text, jsonb, text), eventlog.claim(text, text[]),
    eventlog.read(xid8, bigint, xid8, text[], integer), eventlog.save(text, xid8, bigint),
    eventlog.rewind(text), eventlog.stream_events(text, integer) TO PUBLIC;

-- +goose Down
DROP FUNCTION eventlog.restored(), eventlog.stream_events(text, integer), eventlog.rewind(text),
    eventlog.save(text, xid8, bigint), eventlog.read(xid8, bigint, xid8, text[], integer),
    eventlog.claim(text, text[]), eventlog.append(text, integer, text, jsonb, text),
    eventlog.demand(text[], boolean), eventlog.may(text, boolean);
DROP FUNCTION IF EXISTS eventlog.ring();
DROP SEQUENCE eventlog.bell;
DROP TABLE eventlog.place, eventlog.event, eventlog.stream, eventlog.permission;

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
    version integer NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE eventlog.event (
    pos     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
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

-- Transactions before lo are done. When lo < hi, the window [lo, hi) is done up to pos.
CREATE TABLE eventlog.place (
    role  text        NOT NULL,
    grp   text        NOT NULL,
    lo    xid8        NOT NULL,
    hi    xid8        NOT NULL,
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

-- The update of the stream's row serialises its writers until they commit, and pos is drawn after it: that is why pos
-- follows version. NOTIFY in every commit would make all commits wait for each other, so at most one in 2 ms; a sequence
-- remembers the last, because it neither waits for nor rolls back with a transaction.
-- +goose StatementBegin
CREATE FUNCTION eventlog.append(p_stream text, p_expected integer, p_type text, p_payload jsonb, p_trace text,
    OUT pos bigint, OUT version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_version integer;
    v_pos     bigint;
    v_now     bigint;
BEGIN
    PERFORM demand(ARRAY[p_type], true);
    IF p_expected = -1 THEN
        INSERT INTO stream AS s (stream, version) VALUES (p_stream, 1)
            ON CONFLICT (stream) DO UPDATE SET version = s.version + 1 RETURNING s.version INTO v_version;
    ELSIF p_expected = 0 THEN
        INSERT INTO stream AS s (stream, version) VALUES (p_stream, 1) ON CONFLICT DO NOTHING RETURNING s.version INTO v_version;
    ELSE
        UPDATE stream s SET version = s.version + 1 WHERE s.stream = p_stream AND s.version = p_expected RETURNING s.version INTO v_version;
    END IF;
    IF v_version IS NULL THEN
        RAISE EXCEPTION 'stream % is not at version %', p_stream, p_expected USING ERRCODE = 'RE001';
    END IF;
    INSERT INTO event AS e (stream, version, type, payload, trace)
        VALUES (p_stream, v_version, p_type, p_payload, p_trace) RETURNING e.pos INTO v_pos;
    v_now := extract(epoch FROM clock_timestamp()) * 1000;
    IF abs(v_now - coalesce(pg_sequence_last_value('eventlog.bell'), 0)) >= 2 THEN
        PERFORM setval('eventlog.bell', v_now);
        PERFORM pg_notify('eventlog', '');
    END IF;
    pos := v_pos;
    version := v_version;
END $$;
-- +goose StatementEnd

-- One instance of a group is active: the one whose transaction holds the lock. It is an advisory lock and not a row lock,
-- because a row lock would give the transaction a number, and so hold back everybody's window before the first write.
-- Nothing is answered when another is active or nothing new is there.
-- +goose StatementBegin
CREATE FUNCTION eventlog.claim(p_group text, p_types text[], OUT lo xid8, OUT hi xid8, OUT pos bigint) RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_place place%ROWTYPE;
    v_min   bigint;
    v_count bigint;
BEGIN
    PERFORM demand(p_types, false);
    IF NOT pg_try_advisory_xact_lock(hashtext('eventlog ' || session_user), hashtext(p_group)) THEN
        RETURN;
    END IF;
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', true); -- a frozen instance lets go
    SELECT * INTO v_place FROM place c WHERE c.role = session_user AND c.grp = p_group;
    IF NOT FOUND THEN
        v_place.lo := '0';
        v_place.hi := '0';
    END IF;
    IF v_place.lo = v_place.hi THEN
        v_place.hi := pg_snapshot_xmin(pg_current_snapshot());
        SELECT min(e.pos) FILTER (WHERE e.type = ANY (p_types)), count(*) INTO v_min, v_count
            FROM event e WHERE e.xid >= v_place.lo AND e.xid < v_place.hi;
        IF v_min IS NULL THEN
            IF v_count > 500 THEN -- so that what does not concern the group is not walked over for ever
                PERFORM save(p_group, v_place.lo, v_place.hi, 0, true);
            END IF;
            RETURN;
        END IF;
        v_place.pos := v_min - 1;
    END IF;
    lo := v_place.lo;
    hi := v_place.hi;
    pos := v_place.pos;
    RETURN NEXT;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.read(p_lo xid8, p_hi xid8, p_pos bigint, p_types text[], p_limit integer) RETURNS SETOF eventlog.event
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    PERFORM demand(p_types, false);
    RETURN QUERY SELECT e.* FROM event e
        WHERE e.pos > p_pos AND e.xid >= p_lo AND e.xid < least(p_hi, pg_snapshot_xmin(pg_current_snapshot())) AND e.type = ANY (p_types)
        ORDER BY e.pos LIMIT p_limit;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION eventlog.save(p_group text, p_lo xid8, p_hi xid8, p_pos bigint, p_over boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
    INSERT INTO place AS c (role, grp, lo, hi, pos)
    VALUES (session_user, p_group, CASE WHEN p_over THEN p_hi ELSE p_lo END, p_hi, CASE WHEN p_over THEN 0 ELSE p_pos END)
    ON CONFLICT (role, grp) DO UPDATE SET lo = excluded.lo, hi = excluded.hi, pos = excluded.pos, at = now()
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

-- After a restore into a cluster with other transaction numbers: all events become one window that is over. Each group
-- goes on at its first event that was not done; a few after it may be handled again.
-- +goose StatementBegin
CREATE FUNCTION eventlog.restored() RETURNS void
LANGUAGE plpgsql SET search_path = eventlog, pg_temp AS $$
BEGIN
    UPDATE place c SET lo = CASE WHEN n.pos IS NULL THEN '1'::xid8 ELSE '0'::xid8 END, hi = '1', pos = coalesce(n.pos - 1, 0)
    FROM (SELECT c2.role, c2.grp, min(e.pos) AS pos FROM place c2
          LEFT JOIN event e ON e.xid >= c2.hi OR (e.xid >= c2.lo AND e.pos > c2.pos) GROUP BY c2.role, c2.grp) n
    WHERE c.role = n.role AND c.grp = n.grp;
    UPDATE event SET xid = '0';
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA eventlog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog.append(text, integer, text, jsonb, text), eventlog.claim(text, text[]),
    eventlog.read(xid8, xid8, bigint, text[], integer), eventlog.save(text, xid8, xid8, bigint, boolean),
    eventlog.rewind(text), eventlog.stream_events(text, integer) TO PUBLIC;

-- +goose Down
DROP FUNCTION eventlog.restored(), eventlog.stream_events(text, integer), eventlog.rewind(text),
    eventlog.save(text, xid8, xid8, bigint, boolean), eventlog.read(xid8, xid8, bigint, text[], integer),
    eventlog.claim(text, text[]), eventlog.append(text, integer, text, jsonb, text),
    eventlog.demand(text[], boolean), eventlog.may(text, boolean);
DROP SEQUENCE eventlog.bell;
DROP TABLE eventlog.place, eventlog.event, eventlog.stream, eventlog.permission;

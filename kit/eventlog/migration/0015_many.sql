-- Events are appended at almost twice the rate: asking for the right took as long as writing. And many go in one statement.

-- +goose Up

-- These three are called by functions that have set the search path; setting it again costs more than what they do. What a role
-- may is found by key; saga.* stands for all that begin with saga.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION eventlog.may(p_type text, p_append boolean) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM eventlog.permission p WHERE p.role = session_user AND p.type IN (p_type, split_part(p_type, '.', 1) || '.*')
                   AND (p.may_append OR (p.may_read AND NOT p_append)))
        OR pg_has_role(session_user, current_user, 'MEMBER');
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION eventlog.demand(p_types text[], p_append boolean) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_type text;
BEGIN
    FOREACH v_type IN ARRAY p_types LOOP
        IF NOT eventlog.may(v_type, p_append) THEN
            RAISE EXCEPTION 'role % may not % event %', session_user, CASE WHEN p_append THEN 'append' ELSE 'read' END, v_type
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- NOTIFY in every commit would make all commits wait for each other, so at most one in 2 ms; a sequence remembers the last, because
-- it neither waits for nor rolls back with a transaction. It answers whether it rang.
-- +goose StatementBegin
CREATE FUNCTION eventlog.ring() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_now bigint := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
    IF abs(v_now - coalesce(pg_sequence_last_value('eventlog.bell'), 0)) < 2 THEN
        RETURN false;
    END IF;
    PERFORM setval('eventlog.bell', v_now), pg_notify('eventlog', '');
    RETURN true;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION eventlog.ring() FROM PUBLIC;

-- The update of the stream's row serialises its writers until they commit, and pos is drawn after it: so pos follows version, and
-- xid never falls within a stream. (may and ring are asked as plpgsql's expressions; PERFORM is a query of its own, and takes longer.)
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION eventlog.append(p_stream text, p_expected integer, p_type text, p_payload jsonb, p_trace text,
    OUT pos bigint, OUT version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_version integer;
    v_xid     xid8;
    v_pos     bigint;
    v_rang    boolean;
BEGIN
    IF NOT may(p_type, true) THEN
        PERFORM demand(ARRAY[p_type], true);
    END IF;
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
    v_rang := ring();
    pos := v_pos;
    version := v_version;
END $$;
-- +goose StatementEnd

-- The same for many at once, whatever the versions of their streams are. Streams are locked in one order, so that two who append to
-- the same ones do not wait for each other.
-- +goose StatementBegin
CREATE FUNCTION eventlog.append_all(p_streams text[], p_types text[], p_payloads text[], p_trace text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = eventlog, pg_temp AS $$
BEGIN
    PERFORM demand(ARRAY(SELECT DISTINCT t FROM unnest(p_types) t), true);
    WITH moved AS (
        INSERT INTO stream AS s (stream, version, xid)
        SELECT u.name, count(*), pg_current_xact_id() FROM unnest(p_streams) AS u (name) GROUP BY u.name ORDER BY u.name
        ON CONFLICT (stream) DO UPDATE SET version = s.version + excluded.version, xid = greatest(s.xid, excluded.xid)
        RETURNING s.stream, s.version, s.xid)
    INSERT INTO event (xid, stream, version, type, payload, trace)
    SELECT m.xid, m.stream, m.version - count(*) OVER (PARTITION BY m.stream) + row_number() OVER (PARTITION BY m.stream ORDER BY n.nth),
        n.type, n.payload::jsonb, p_trace
    FROM unnest(p_streams, p_types, p_payloads) WITH ORDINALITY AS n (stream, type, payload, nth) JOIN moved m ON m.stream = n.stream
    ORDER BY n.nth;
    PERFORM ring();
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION eventlog.append_all(text[], text[], text[], text);
-- What was there before stays as it is now: it does the same.

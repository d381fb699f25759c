-- What operators need: to look at what waits without taking it, to lay it aside so that it can be put back, how fast a queue goes,
-- and what was done by hand.

-- +goose Up

-- Who works on a queue says every few seconds what became of messages: numbers of one process would be a part of the truth only.
CREATE TABLE queue.pace (
    queue   text        NOT NULL REFERENCES queue.queue ON DELETE CASCADE,
    minute  timestamptz NOT NULL,
    done    bigint      NOT NULL,
    retried bigint      NOT NULL,
    again   bigint      NOT NULL, -- were delivered before
    dead    bigint      NOT NULL,
    expired bigint      NOT NULL,
    PRIMARY KEY (queue, minute)
);

-- What an operator did by hand. The id is the wish's own, so that one that is sent twice is done once.
CREATE TABLE queue.operation (
    id     uuid        PRIMARY KEY,
    queue  text        NOT NULL REFERENCES queue.queue ON DELETE CASCADE,
    what   text        NOT NULL, -- replay, discard, set aside, purge
    actor  text        NOT NULL, -- an account, or somebody at the command line
    which  text        NOT NULL, -- an id, a reason, or empty: all
    count  bigint,               -- messages; null while it is under way
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX operation_queue ON queue.operation (queue, begun_at DESC);

-- +goose StatementBegin
CREATE FUNCTION queue.report(p_queue text, p_done bigint, p_retried bigint, p_again bigint, p_dead bigint, p_expired bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO pace AS p (queue, minute, done, retried, again, dead, expired)
    VALUES (p_queue, date_trunc('minute', clock_timestamp()), p_done, p_retried, p_again, p_dead, p_expired)
    ON CONFLICT (queue, minute) DO UPDATE SET done = p.done + excluded.done, retried = p.retried + excluded.retried,
        again = p.again + excluded.again, dead = p.dead + excluded.dead, expired = p.expired + excluded.expired;
    DELETE FROM pace WHERE queue = p_queue AND minute < clock_timestamp() - interval '1 day';
END $$;
-- +goose StatementEnd

-- What came and what became of it, within the time given.
-- +goose StatementBegin
CREATE FUNCTION queue.recent(p_queue text, p_within interval)
RETURNS TABLE (put bigint, done bigint, retried bigint, again bigint, dead bigint, expired bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_since timestamptz := clock_timestamp() - p_within;
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY SELECT (SELECT count(*) FROM seen s WHERE s.queue = p_queue AND s.at > v_since),
            coalesce(sum(p.done), 0)::bigint, coalesce(sum(p.retried), 0)::bigint, coalesce(sum(p.again), 0)::bigint,
            coalesce(sum(p.dead), 0)::bigint, coalesce(sum(p.expired), 0)::bigint
        FROM pace p WHERE p.queue = p_queue AND p.minute > v_since;
END $$;
-- +goose StatementEnd

-- What waits or is in somebody's hands, in the order in which it is taken. Nothing is taken or locked.
-- +goose StatementBegin
CREATE FUNCTION queue.waiting(p_queue text, p_limit integer)
RETURNS TABLE (id uuid, key text, type text, payload bytea, priority smallint, attempts integer, put_at timestamptz, due_at timestamptz,
               expires_at timestamptz, trace text, reason text, state text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY SELECT m.id, m.key, m.type, m.payload, m.priority, m.attempts, m.put_at,
            CASE WHEN m.taken THEN m.due_at ELSE m.visible_at END, m.expires_at, m.trace, m.reason,
            CASE WHEN m.visible_at <= v_now THEN 'ready' WHEN m.taken THEN 'taken' ELSE 'delayed' END
        FROM message m WHERE m.queue = p_queue
        ORDER BY m.visible_at > v_now, m.taken, CASE WHEN m.lane IS NULL THEN m.priority END DESC, m.visible_at, m.seq LIMIT p_limit;
END $$;
-- +goose StatementEnd

-- Those with the ids, those with the reason, or all.
-- +goose StatementBegin
CREATE FUNCTION queue.replay(p_queue text, p_ids uuid[], p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN queue.replay(p_queue, CASE WHEN p_reason IS NULL THEN p_ids ELSE
        ARRAY(SELECT id FROM dead WHERE queue = p_queue AND reason = p_reason AND (p_ids IS NULL OR id = ANY (p_ids))) END);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.discard(p_queue text, p_ids uuid[], p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM demand(p_queue, 'take');
    DELETE FROM dead WHERE queue = p_queue AND (p_ids IS NULL OR id = ANY (p_ids)) AND (p_reason IS NULL OR reason = p_reason);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
-- +goose StatementEnd

-- What waits becomes dead letters, which can be replayed. What is in a worker's hands stays.
-- +goose StatementBegin
CREATE FUNCTION queue.set_aside(p_queue text, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM demand(p_queue, 'take');
    WITH gone AS (
        DELETE FROM message WHERE queue = p_queue AND NOT taken RETURNING *
    )
    INSERT INTO dead (id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, reason)
    SELECT id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, p_reason FROM gone
    ON CONFLICT (queue, id) DO UPDATE SET reason = excluded.reason, died_at = excluded.died_at;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
-- +goose StatementEnd

-- Notes what is about to be done, and afterwards how many messages it was about. Answers the count of one that was done before.
-- +goose StatementBegin
CREATE FUNCTION queue.note(p_id uuid, p_queue text, p_what text, p_actor text, p_which text, p_count bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    INSERT INTO operation AS o (id, queue, what, actor, which, count) VALUES (p_id, p_queue, p_what, p_actor, p_which, p_count)
    ON CONFLICT (id) DO UPDATE SET count = coalesce(o.count, excluded.count) WHERE o.queue = p_queue AND o.what = p_what AND o.actor = p_actor;
    RETURN (SELECT o.count FROM operation o WHERE o.id = p_id AND o.queue = p_queue);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.notes(p_queue text, p_limit integer)
RETURNS TABLE (what text, actor text, which text, count bigint, begun_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY SELECT o.what, o.actor, o.which, o.count, o.begun_at FROM operation o WHERE o.queue = p_queue
        ORDER BY o.begun_at DESC, o.id LIMIT p_limit;
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION queue.report(text, bigint, bigint, bigint, bigint, bigint), queue.recent(text, interval), queue.waiting(text, integer),
    queue.replay(text, uuid[], text), queue.discard(text, uuid[], text), queue.set_aside(text, text),
    queue.note(uuid, text, text, text, text, bigint), queue.notes(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue.report(text, bigint, bigint, bigint, bigint, bigint), queue.recent(text, interval), queue.waiting(text, integer),
    queue.replay(text, uuid[], text), queue.discard(text, uuid[], text), queue.set_aside(text, text),
    queue.note(uuid, text, text, text, text, bigint), queue.notes(text, integer) TO PUBLIC;

-- +goose Down
DROP FUNCTION queue.notes(text, integer), queue.note(uuid, text, text, text, text, bigint), queue.set_aside(text, text),
    queue.discard(text, uuid[], text), queue.replay(text, uuid[], text), queue.waiting(text, integer), queue.recent(text, interval),
    queue.report(text, bigint, bigint, bigint, bigint, bigint);
DROP TABLE queue.operation, queue.pace;

-- The queue's tables. Nobody but the owner has a right on them: every access is a function below that asks
-- queue.permission about session_user, which no SET ROLE can change.

-- +goose Up

GRANT USAGE ON SCHEMA queue TO PUBLIC;

CREATE TABLE queue.queue (
    name    text PRIMARY KEY,
    ordered boolean  NOT NULL, -- messages of one key are handled one after another
    carries text     NOT NULL,
    bell    regclass NOT NULL  -- a sequence that remembers when consumers were last woken, in ms: see queue.ring
);

CREATE TABLE queue.permission (
    role     text    NOT NULL,
    queue    text    NOT NULL REFERENCES queue.queue ON DELETE CASCADE,
    may_put  boolean NOT NULL,
    may_take boolean NOT NULL,
    PRIMARY KEY (role, queue)
);

CREATE TABLE queue.message (
    seq        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue      text        NOT NULL,
    lane       smallint,             -- of an ordered queue: the key's hash
    priority   smallint    NOT NULL,
    visible_at timestamptz NOT NULL, -- when it may be taken: due, back-off over, or lease run out
    taken      boolean     NOT NULL DEFAULT false,
    token      integer     NOT NULL DEFAULT 0, -- the fence: one more each time it changes hands
    attempts   integer     NOT NULL DEFAULT 0,
    id         uuid        NOT NULL,
    key        text        NOT NULL,
    type       text        NOT NULL,
    payload    bytea       NOT NULL,
    due_at     timestamptz NOT NULL,
    expires_at timestamptz,
    trace      text        NOT NULL,
    put_at     timestamptz NOT NULL DEFAULT now(),
    put_by     text        NOT NULL DEFAULT session_user,
    reason     text        NOT NULL DEFAULT ''
) WITH (
    -- Rows live for a moment: without an eager vacuum each take would walk over the dead ones.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000
);
-- A message is in exactly one of the two.
CREATE INDEX message_ready ON queue.message (queue, priority, visible_at, seq) WHERE lane IS NULL;
CREATE INDEX message_lane ON queue.message (queue, lane, seq) WHERE lane IS NOT NULL;

CREATE TABLE queue.lane (
    queue text     NOT NULL REFERENCES queue.queue ON DELETE CASCADE,
    lane  smallint NOT NULL,
    PRIMARY KEY (queue, lane)
);

-- Deduplication needs a memory that outlives the message; it also spares queue.message a unique index.
CREATE TABLE queue.seen (
    id    uuid        NOT NULL,
    queue text        NOT NULL,
    at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, queue)
);
CREATE INDEX seen_at ON queue.seen USING brin (at);

CREATE TABLE queue.dead (
    id         uuid        NOT NULL,
    queue      text        NOT NULL,
    lane       smallint,
    priority   smallint    NOT NULL,
    attempts   integer     NOT NULL,
    key        text        NOT NULL,
    type       text        NOT NULL,
    payload    bytea       NOT NULL,
    due_at     timestamptz NOT NULL,
    expires_at timestamptz,
    trace      text        NOT NULL,
    put_at     timestamptz NOT NULL,
    put_by     text        NOT NULL,
    reason     text        NOT NULL,
    died_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, id)
);

-- +goose StatementBegin
CREATE FUNCTION queue.declare(p_name text, p_ordered boolean, p_carries text) RETURNS void
LANGUAGE plpgsql SET search_path = queue, pg_temp AS $$
DECLARE
    v_bell text := 'bell_' || md5(p_name);
BEGIN
    EXECUTE format('CREATE SEQUENCE queue.%I', v_bell);
    INSERT INTO queue (name, ordered, carries, bell) VALUES (p_name, p_ordered, p_carries, ('queue.' || v_bell)::regclass);
    IF p_ordered THEN
        INSERT INTO lane SELECT p_name, n FROM generate_series(0, 31) n;
    END IF;
END $$;
-- +goose StatementEnd

-- The owner's members (an administrator, never a service) may do everything: inside the functions below current_user is
-- the owner.
-- +goose StatementBegin
CREATE FUNCTION queue.demand(p_queue text, p_right text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = queue, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM queue WHERE name = p_queue) THEN
        RAISE EXCEPTION 'there is no queue %', p_queue USING ERRCODE = 'undefined_object';
    END IF;
    IF EXISTS (SELECT FROM permission p WHERE p.role = session_user AND p.queue = p_queue
               AND CASE p_right WHEN 'put' THEN p.may_put ELSE p.may_take END)
       OR pg_has_role(session_user, current_user, 'MEMBER') THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'role % may not % in queue %', session_user, p_right, p_queue USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd

-- NOTIFY in every commit would make commits wait for each other. So at most one in 5 ms; consumers that were woken look
-- again a few times before they sleep, and each second anyhow. A sequence remembers the last time, because it neither
-- waits for nor rolls back with a transaction.
-- +goose StatementBegin
CREATE FUNCTION queue.ring(p_queue text) RETURNS void
LANGUAGE plpgsql SET search_path = queue, pg_temp AS $$
DECLARE
    v_bell regclass := (SELECT bell FROM queue WHERE name = p_queue);
    v_now  bigint := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
    IF abs(v_now - coalesce(pg_sequence_last_value(v_bell), 0)) >= 5 THEN
        PERFORM setval(v_bell, v_now);
        PERFORM pg_notify('queue', p_queue);
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.put(p_queue text[], p_id uuid[], p_key text[], p_type text[], p_payload bytea[],
    p_priority smallint[], p_due timestamptz[], p_expires timestamptz[], p_trace text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_queues text[] := ARRAY(SELECT DISTINCT q FROM unnest(p_queue) q);
    v_count  bigint;
BEGIN
    PERFORM demand(q, 'put') FROM unnest(v_queues) q;
    WITH input AS (
        SELECT DISTINCT ON (u.id, u.queue) u.*, q.ordered
        FROM unnest(p_queue, p_id, p_key, p_type, p_payload, p_priority, p_due, p_expires) WITH ORDINALITY
             AS u (queue, id, key, type, payload, priority, due, expires, nth)
        JOIN queue q ON q.name = u.queue
        ORDER BY u.id, u.queue, u.nth -- always in this order, so that two that put the same ids cannot deadlock
    ), fresh AS (
        INSERT INTO seen (id, queue) SELECT id, queue FROM input ON CONFLICT DO NOTHING RETURNING id, queue
    )
    INSERT INTO message (queue, lane, priority, visible_at, id, key, type, payload, due_at, expires_at, trace)
    SELECT i.queue, CASE WHEN i.ordered THEN hashtext(i.key) & 31 END, i.priority, greatest(i.due, now()),
           i.id, i.key, i.type, i.payload, greatest(i.due, now()), i.expires, p_trace
    FROM input i JOIN fresh f ON f.id = i.id AND f.queue = i.queue
    ORDER BY i.nth;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM ring(q) FROM unnest(v_queues) q;
    RETURN v_count;
END $$;
-- +goose StatementEnd

CREATE TYPE queue.delivery AS (
    seq bigint, token integer, lane smallint, id uuid, key text, type text, payload bytea, priority smallint,
    attempts integer, put_at timestamptz, expires_at timestamptz, expired boolean, trace text
);

-- (jit = off: a plan that is forced looks dear to the planner, and compiling it took 80 ms of 88.)
-- The planner is told what it cannot know: the table may be empty in its statistics and hold a million rows.
-- Taking and acknowledging need not wait for the disk (synchronous_commit): what a crash of the server forgets of them is
-- delivered again, which consumers must expect anyhow.
-- +goose StatementBegin
CREATE FUNCTION queue.take(p_queue text, p_limit integer, p_lease interval) RETURNS SETOF queue.delivery
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_left integer := p_limit;
    v_seqs bigint[];
    v_lane smallint;
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    IF (SELECT ordered FROM queue WHERE name = p_queue) THEN
        FOR v_lane IN SELECT * FROM free_lanes(p_queue, v_now) LOOP
            -- Only one takes from a lane at a time; what it reads then is newer than its lock.
            PERFORM FROM lane WHERE queue = p_queue AND lane = v_lane FOR UPDATE SKIP LOCKED;
            CONTINUE WHEN NOT FOUND;
            v_seqs := ARRAY(
                SELECT seq FROM (
                    SELECT seq, bool_and(visible_at <= v_now) OVER (ORDER BY seq) AS ready
                    FROM (SELECT seq, visible_at FROM message WHERE queue = p_queue AND lane = v_lane
                          ORDER BY seq LIMIT v_left) head) run
                WHERE ready);
            RETURN QUERY SELECT * FROM hand(v_seqs, v_now, p_lease);
            v_left := v_left - cardinality(v_seqs);
            EXIT WHEN v_left <= 0;
        END LOOP;
        RETURN;
    END IF;
    FOR v_priority IN REVERSE 9..0 LOOP -- ten exact probes instead of a walk over all that is not due yet
        v_seqs := ARRAY(SELECT seq FROM message
            WHERE queue = p_queue AND lane IS NULL AND priority = v_priority AND visible_at <= v_now
            ORDER BY visible_at, seq LIMIT v_left FOR UPDATE SKIP LOCKED);
        IF cardinality(v_seqs) > 0 THEN
            RETURN QUERY SELECT * FROM hand(v_seqs, v_now, p_lease);
            v_left := v_left - cardinality(v_seqs);
            EXIT WHEN v_left <= 0;
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- A lane is free when its first message may be taken: taken ones are always its beginning.
-- +goose StatementBegin
CREATE FUNCTION queue.free_lanes(p_queue text, p_now timestamptz) RETURNS SETOF smallint
LANGUAGE sql SET search_path = queue, pg_temp AS $$
    SELECT l.lane FROM lane l
    CROSS JOIN LATERAL (SELECT seq, visible_at FROM message m WHERE m.queue = p_queue AND m.lane = l.lane
                        ORDER BY m.seq LIMIT 1) head
    WHERE l.queue = p_queue AND head.visible_at <= p_now ORDER BY head.seq
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.hand(p_seqs bigint[], p_now timestamptz, p_lease interval) RETURNS SETOF queue.delivery
LANGUAGE sql SET search_path = queue, pg_temp AS $$
    UPDATE message SET taken = true, token = token + 1, attempts = attempts + 1, visible_at = p_now + p_lease
    WHERE seq = ANY (p_seqs)
    RETURNING seq, token, lane, id, key, type, payload, priority, attempts, put_at, expires_at,
              coalesce(expires_at <= p_now, false), trace
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.ack(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY DELETE FROM message m USING unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- Longer, for a handler that still works. Those that are not answered belong to somebody else by now.
-- +goose StatementBegin
CREATE FUNCTION queue.extend(p_queue text, p_seqs bigint[], p_tokens integer[], p_lease interval) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY UPDATE message m SET visible_at = clock_timestamp() + p_lease
        FROM unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- Back into the queue after a failure; without a reason it was not begun, and the attempt does not count.
-- +goose StatementBegin
CREATE FUNCTION queue.retry(p_queue text, p_seqs bigint[], p_tokens integer[], p_waits interval[], p_reasons text[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY UPDATE message m SET taken = false, token = m.token + 1, visible_at = clock_timestamp() + u.wait,
            reason = u.reason, attempts = m.attempts - (u.reason = '')::integer
        FROM unnest(p_seqs, p_tokens, p_waits, p_reasons) AS u (seq, token, wait, reason)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
    PERFORM ring(p_queue);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.bury(p_queue text, p_seqs bigint[], p_tokens integer[], p_reasons text[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY WITH gone AS (
        DELETE FROM message m USING unnest(p_seqs, p_tokens, p_reasons) AS u (seq, token, why)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue
        RETURNING m.*, u.why
    ), kept AS (
        INSERT INTO dead (id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, reason)
        SELECT id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, why FROM gone
    )
    SELECT seq FROM gone;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.replay(p_queue text, p_ids uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM demand(p_queue, 'take');
    WITH back AS (
        DELETE FROM dead WHERE queue = p_queue AND (p_ids IS NULL OR id = ANY (p_ids)) RETURNING *
    )
    INSERT INTO message (queue, lane, priority, visible_at, id, key, type, payload, due_at, expires_at, trace, put_at, put_by, reason)
    SELECT queue, lane, priority, now(), id, key, type, payload, due_at, expires_at, trace, put_at, put_by, reason
    FROM back ORDER BY put_at, id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM ring(p_queue);
    RETURN v_count;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION queue.letters(p_queue text, p_limit integer)
RETURNS TABLE (id uuid, key text, type text, payload bytea, priority smallint, attempts integer, put_at timestamptz,
               expires_at timestamptz, trace text, reason text, died_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY SELECT d.id, d.key, d.type, d.payload, d.priority, d.attempts, d.put_at, d.expires_at, d.trace, d.reason, d.died_at
        FROM dead d WHERE d.queue = p_queue ORDER BY d.died_at DESC, d.id LIMIT p_limit;
END $$;
-- +goose StatementEnd

-- What is in a worker's hands stays: it may be done already.
-- +goose StatementBegin
CREATE FUNCTION queue.purge(p_queue text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
DECLARE
    v_count bigint;
BEGIN
    PERFORM demand(p_queue, 'take');
    DELETE FROM message WHERE queue = p_queue AND NOT taken;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END $$;
-- +goose StatementEnd

-- A lease that has run out counts as ready.
-- +goose StatementBegin
CREATE FUNCTION queue.stats(p_queue text) RETURNS TABLE (ready bigint, delayed bigint, taken bigint, dead bigint, oldest interval)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY SELECT count(*) FILTER (WHERE m.visible_at <= clock_timestamp()),
               count(*) FILTER (WHERE m.visible_at > clock_timestamp() AND NOT m.taken),
               count(*) FILTER (WHERE m.visible_at > clock_timestamp() AND m.taken),
               (SELECT count(*) FROM dead d WHERE d.queue = p_queue),
               coalesce(clock_timestamp() - min(m.due_at) FILTER (WHERE m.visible_at <= clock_timestamp()), interval '0')
        FROM message m WHERE m.queue = p_queue;
END $$;
-- +goose StatementEnd

-- How long until the next message may be taken; null when nothing waits. An idle consumer sleeps that long, at most a second.
-- +goose StatementBegin
CREATE FUNCTION queue.next(p_queue text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    IF (SELECT ordered FROM queue WHERE name = p_queue) THEN
        RETURN (SELECT min(head.visible_at) - clock_timestamp() FROM lane l
            CROSS JOIN LATERAL (SELECT m.visible_at FROM message m WHERE m.queue = p_queue AND m.lane = l.lane ORDER BY m.seq LIMIT 1) head
            WHERE l.queue = p_queue);
    END IF;
    RETURN (SELECT min(head.visible_at) - clock_timestamp() FROM generate_series(0, 9) p
        CROSS JOIN LATERAL (SELECT m.visible_at FROM message m WHERE m.queue = p_queue AND m.lane IS NULL AND m.priority = p
                            ORDER BY m.visible_at LIMIT 1) head);
END $$;
-- +goose StatementEnd

-- Retention: a week of deduplication, ninety days of dead letters. Consumers call it now and then.
-- +goose StatementBegin
CREATE FUNCTION queue.sweep() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp AS $$
BEGIN
    DELETE FROM seen WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM seen WHERE at < now() - interval '7 days' LIMIT 20000 FOR UPDATE SKIP LOCKED));
    DELETE FROM dead WHERE died_at < now() - interval '90 days';
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA queue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue.put(text[], uuid[], text[], text[], bytea[], smallint[], timestamptz[], timestamptz[], text),
    queue.take(text, integer, interval), queue.ack(text, bigint[], integer[]), queue.extend(text, bigint[], integer[], interval),
    queue.retry(text, bigint[], integer[], interval[], text[]), queue.bury(text, bigint[], integer[], text[]),
    queue.replay(text, uuid[]), queue.letters(text, integer), queue.purge(text), queue.stats(text), queue.next(text), queue.sweep()
    TO PUBLIC;

-- +goose Down
DROP FUNCTION queue.sweep(), queue.next(text), queue.stats(text), queue.purge(text), queue.letters(text, integer),
    queue.replay(text, uuid[]), queue.bury(text, bigint[], integer[], text[]),
    queue.retry(text, bigint[], integer[], interval[], text[]), queue.extend(text, bigint[], integer[], interval),
    queue.ack(text, bigint[], integer[]), queue.take(text, integer, interval), queue.hand(bigint[], timestamptz, interval),
    queue.free_lanes(text, timestamptz),
    queue.put(text[], uuid[], text[], text[], bytea[], smallint[], timestamptz[], timestamptz[], text),
    queue.ring(text), queue.demand(text, text), queue.declare(text, boolean, text);
DROP TYPE queue.delivery;
DROP TABLE queue.dead, queue.seen, queue.lane, queue.message, queue.permission, queue.queue CASCADE;

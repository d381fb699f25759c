-- The outbox: with a broker, whoever put a message carries it there by himself, and needs no right to take what others
-- put. So these functions are for the right to put, and see the caller's own messages alone.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION queue.relay_take(p_queue text, p_limit integer, p_lease interval) RETURNS SETOF queue.delivery
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_left integer := p_limit;
    v_seqs bigint[];
    v_lane smallint;
BEGIN
    PERFORM demand(p_queue, 'put');
    PERFORM set_config('synchronous_commit', 'off', true);
    IF (SELECT ordered FROM queue WHERE name = p_queue) THEN
        FOR v_lane IN SELECT l.lane FROM lane l
            CROSS JOIN LATERAL (SELECT seq, visible_at FROM message m WHERE m.queue = p_queue AND m.lane = l.lane
                                AND m.put_by = session_user ORDER BY m.seq LIMIT 1) head
            WHERE l.queue = p_queue AND head.visible_at <= v_now ORDER BY head.seq
        LOOP
            PERFORM FROM lane WHERE queue = p_queue AND lane = v_lane FOR UPDATE SKIP LOCKED;
            CONTINUE WHEN NOT FOUND;
            v_seqs := ARRAY(
                SELECT seq FROM (
                    SELECT seq, bool_and(visible_at <= v_now) OVER (ORDER BY seq) AS ready
                    FROM (SELECT seq, visible_at FROM message WHERE queue = p_queue AND lane = v_lane
                          AND put_by = session_user ORDER BY seq LIMIT v_left) head) run
                WHERE ready);
            RETURN QUERY SELECT * FROM hand(v_seqs, v_now, p_lease);
            v_left := v_left - cardinality(v_seqs);
            EXIT WHEN v_left <= 0;
        END LOOP;
        RETURN;
    END IF;
    FOR v_priority IN REVERSE 9..0 LOOP
        v_seqs := ARRAY(SELECT seq FROM message
            WHERE queue = p_queue AND lane IS NULL AND priority = v_priority AND visible_at <= v_now AND put_by = session_user
            ORDER BY visible_at, seq LIMIT v_left FOR UPDATE SKIP LOCKED);
        IF cardinality(v_seqs) > 0 THEN
            RETURN QUERY SELECT * FROM hand(v_seqs, v_now, p_lease);
            v_left := v_left - cardinality(v_seqs);
            EXIT WHEN v_left <= 0;
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- After the broker's confirm, and not before.
-- +goose StatementBegin
CREATE FUNCTION queue.relay_ack(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'put');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY DELETE FROM message m USING unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue AND m.put_by = session_user RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- What the broker did not take is there again at once; an attempt to carry is none to work.
-- +goose StatementBegin
CREATE FUNCTION queue.relay_back(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'put');
    RETURN QUERY UPDATE message m SET taken = false, token = m.token + 1, visible_at = clock_timestamp(), attempts = m.attempts - 1
        FROM unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = u.seq AND m.token = u.token AND m.queue = p_queue AND m.put_by = session_user RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- How long until something is to be carried; null when nothing waits.
-- +goose StatementBegin
CREATE FUNCTION queue.relay_next(p_queue text) RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    PERFORM demand(p_queue, 'put');
    IF (SELECT ordered FROM queue WHERE name = p_queue) THEN
        RETURN (SELECT min(head.visible_at) - clock_timestamp() FROM lane l
            CROSS JOIN LATERAL (SELECT m.visible_at FROM message m WHERE m.queue = p_queue AND m.lane = l.lane
                                AND m.put_by = session_user ORDER BY m.seq LIMIT 1) head
            WHERE l.queue = p_queue);
    END IF;
    RETURN (SELECT min(head.visible_at) - clock_timestamp() FROM generate_series(0, 9) p
        CROSS JOIN LATERAL (SELECT m.visible_at FROM message m WHERE m.queue = p_queue AND m.lane IS NULL AND m.priority = p
                            AND m.put_by = session_user ORDER BY m.visible_at LIMIT 1) head);
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION queue.relay_take(text, integer, interval), queue.relay_ack(text, bigint[], integer[]),
    queue.relay_back(text, bigint[], integer[]), queue.relay_next(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue.relay_take(text, integer, interval), queue.relay_ack(text, bigint[], integer[]),
    queue.relay_back(text, bigint[], integer[]), queue.relay_next(text) TO PUBLIC;

-- +goose Down
DROP FUNCTION queue.relay_next(text), queue.relay_back(text, bigint[], integer[]), queue.relay_ack(text, bigint[], integer[]),
    queue.relay_take(text, integer, interval);

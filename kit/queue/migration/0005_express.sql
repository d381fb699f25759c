-- What is urgent is also taken by workers who take nothing else, so that it waits for nobody who works on the rest.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION queue.take_urgent(p_queue text, p_limit integer, p_lease interval, p_from smallint) RETURNS SETOF queue.delivery
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_left integer := p_limit;
    v_seqs bigint[];
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR v_priority IN REVERSE 9..p_from LOOP
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
REVOKE ALL ON FUNCTION queue.take_urgent(text, integer, interval, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue.take_urgent(text, integer, interval, smallint) TO PUBLIC;

-- +goose Down
DROP FUNCTION queue.take_urgent(text, integer, interval, smallint);

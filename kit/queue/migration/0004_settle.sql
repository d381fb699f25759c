-- What is settled is found by its numbers, whatever the planner thinks of the table. Its statistics are mostly those of an empty
-- one, and then a join that walks over every message looks as cheap as one that looks up a hundred: with 20,000 waiting, an
-- acknowledgement took 50 ms. With the numbers as a condition of their own there is only the primary key to go by, and a hash to
-- compare tokens.

-- +goose Up

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.ack(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY DELETE FROM message m USING unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.extend(p_queue text, p_seqs bigint[], p_tokens integer[], p_lease interval) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY UPDATE message m SET visible_at = clock_timestamp() + p_lease
        FROM unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.retry(p_queue text, p_seqs bigint[], p_tokens integer[], p_waits interval[], p_reasons text[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY UPDATE message m SET taken = false, token = m.token + 1, visible_at = clock_timestamp() + u.wait,
            reason = u.reason, attempts = m.attempts - (u.reason = '')::integer
        FROM unnest(p_seqs, p_tokens, p_waits, p_reasons) AS u (seq, token, wait, reason)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue RETURNING m.seq;
    PERFORM ring(p_queue);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.bury(p_queue text, p_seqs bigint[], p_tokens integer[], p_reasons text[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'take');
    RETURN QUERY WITH gone AS (
        DELETE FROM message m USING unnest(p_seqs, p_tokens, p_reasons) AS u (seq, token, why)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue
        RETURNING m.*, u.why
    ), kept AS (
        INSERT INTO dead (id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, reason)
        SELECT id, queue, lane, priority, attempts, key, type, payload, due_at, expires_at, trace, put_at, put_by, why FROM gone
    )
    SELECT seq FROM gone;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.relay_ack(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'put');
    PERFORM set_config('synchronous_commit', 'off', true);
    RETURN QUERY DELETE FROM message m USING unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue AND m.put_by = session_user RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION queue.relay_back(p_queue text, p_seqs bigint[], p_tokens integer[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = queue, pg_temp SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM demand(p_queue, 'put');
    RETURN QUERY UPDATE message m SET taken = false, token = m.token + 1, visible_at = clock_timestamp(), attempts = m.attempts - 1
        FROM unnest(p_seqs, p_tokens) AS u (seq, token)
        WHERE m.seq = ANY (p_seqs) AND m.seq = u.seq AND m.token = u.token AND m.queue = p_queue AND m.put_by = session_user RETURNING m.seq;
END $$;
-- +goose StatementEnd

-- +goose Down
-- The functions stay as they are: they do what they did.
SELECT 1;

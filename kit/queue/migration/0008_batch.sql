-- Who sends to a page of people at once puts back those who could not be told with the others, one by one. And what dies a second time, such
-- as one that was put again after a week, takes the place of the first: it would be tried for ever otherwise.

-- +goose Up
UPDATE queue.permission SET may_put = true WHERE role = 'rounds_notificationcenter';
UPDATE queue.queue SET carries = 'a Notification for one person, or a NotificationBatch for a page of them' WHERE name = 'notification.send';
UPDATE queue.queue SET carries = 'the same, for the site' WHERE name = 'notification.site';

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
        ON CONFLICT (queue, id) DO UPDATE SET attempts = excluded.attempts, type = excluded.type, payload = excluded.payload, due_at = excluded.due_at,
            expires_at = excluded.expires_at, trace = excluded.trace, put_at = excluded.put_at, put_by = excluded.put_by, reason = excluded.reason,
            died_at = excluded.died_at
    )
    SELECT seq FROM gone;
END $$;
-- +goose StatementEnd

-- +goose Down
UPDATE queue.permission SET may_put = false WHERE role = 'rounds_notificationcenter';

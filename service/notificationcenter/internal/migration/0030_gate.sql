-- What is known of messages before they are sent. As a function, because the planner must not remember what it thought of these
-- tables when they were small: a plan that reads all deliveries once for each hundred messages costs ten thousand reminders minutes.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION notificationcenter.known(p_id uuid[], p_address text[], p_chosen boolean[]) RETURNS TABLE (done boolean, suppressed text)
LANGUAGE sql STABLE SET search_path = notificationcenter, pg_temp SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
    SELECT EXISTS (SELECT FROM delivery d WHERE d.id = asked.id AND d.state NOT IN ('waiting', 'retry', 'failed')),
           coalesce((SELECT s.reason FROM suppression s
                     WHERE s.address = lower(asked.address) AND (s.scope = 'all' OR asked.chosen) ORDER BY s.scope LIMIT 1), '')
    FROM unnest(p_id, p_address, p_chosen) WITH ORDINALITY AS asked (id, address, chosen, nth) ORDER BY asked.nth
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION notificationcenter.known(uuid[], text[], boolean[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notificationcenter.known(uuid[], text[], boolean[]) TO rounds_notificationcenter;

-- +goose Down
DROP FUNCTION notificationcenter.known(uuid[], text[], boolean[]);

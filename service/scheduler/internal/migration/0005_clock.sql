-- Whose clock goes wrong deletes nothing early.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION scheduler.retain(p_now timestamptz, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = scheduler, pg_temp AS $$
DECLARE
    v_now  timestamptz := least(p_now, clock_timestamp());
    v_gone bigint;
BEGIN
    DELETE FROM timer t WHERE t.id IN (
        SELECT o.id FROM timer o, retention r
        WHERE r."table" = 'timer' AND o.state IN ('done', 'cancelled') AND o.due_at < v_now - make_interval(days => r.days)
            -- The tries of a start are counted while its webinar may still run.
            AND o.webinar_id IN (SELECT p.webinar_id FROM plan p WHERE p.starts_at < v_now - make_interval(days => r.days))
        ORDER BY o.due_at LIMIT p_most);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    RETURN v_gone;
END $$;
-- +goose StatementEnd

-- +goose Down
-- The function stays as it is: with a clock that goes right it does what it did.
SELECT 1;

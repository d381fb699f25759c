-- A host may begin a webinar a little before its time, and end it when everything has been said.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION scheduler.hurry_webinar(p_webinar uuid, p_kind text, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = scheduler, pg_temp AS $$
BEGIN
    IF p_kind NOT IN ('start', 'end') THEN
        RAISE EXCEPTION 'only start and end can be hurried, not %', p_kind;
    END IF;
    UPDATE timer SET due_at = least(due_at, p_at) WHERE webinar_id = p_webinar AND kind = p_kind AND state = 'waiting';
    IF NOT FOUND THEN
        RETURN false; -- It is under way, or over.
    END IF;
    PERFORM pg_notify('scheduler_timer', '');
    RETURN true;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION scheduler.hurry_webinar FROM PUBLIC;
GRANT EXECUTE ON FUNCTION scheduler.hurry_webinar TO rounds_datamanagement;

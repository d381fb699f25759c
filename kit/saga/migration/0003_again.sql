-- A saga that was undone may be begun again, where its definition says so.

-- +goose Up

-- It takes the row, so that nobody goes on meanwhile, and opens one that was undone.
-- +goose StatementBegin
CREATE FUNCTION saga.open_again(p_name text, p_id text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
DECLARE
    v_status text;
BEGIN
    SELECT r.status INTO v_status FROM run r WHERE r.role = session_user AND r.name = p_name AND r.id = p_id FOR UPDATE;
    IF v_status IS DISTINCT FROM 'cancelled' THEN
        RETURN false;
    END IF;
    UPDATE run r SET status = 'running', wake_at = p_now, lease_until = '-infinity', token = r.token + 1, changed_at = p_now
    WHERE r.role = session_user AND r.name = p_name AND r.id = p_id;
    PERFORM pg_notify('saga', '');
    RETURN true;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION saga.open_again(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saga.open_again(text, text, timestamptz) TO PUBLIC;

-- +goose Down
DROP FUNCTION saga.open_again(text, text, timestamptz);

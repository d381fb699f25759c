-- What an operator needs: to list sagas, and to take one out of the hands of whoever works on it.

-- +goose Up

CREATE INDEX run_open ON saga.run (role, begun_at, name, id) WHERE status NOT IN ('completed', 'cancelled');
CREATE INDEX run_over ON saga.run (role, changed_at DESC, name, id) WHERE status IN ('completed', 'cancelled');

-- Open ones from the oldest, those that are over from the last; after the row that p_at, p_name and p_id name.
-- +goose StatementBegin
CREATE FUNCTION saga.list(p_names text[], p_open boolean, p_at timestamptz, p_name text, p_id text, p_limit integer)
RETURNS TABLE (name text, id text, status text, begun_at timestamptz, changed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = saga, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF p_open THEN
        RETURN QUERY SELECT r.name, r.id, r.status, r.begun_at, r.changed_at FROM run r
            WHERE r.role = session_user AND r.status NOT IN ('completed', 'cancelled') AND r.name = ANY (p_names)
              AND (r.begun_at, r.name, r.id) > (p_at, p_name, p_id)
            ORDER BY r.begun_at, r.name, r.id LIMIT p_limit;
    ELSE
        RETURN QUERY SELECT r.name, r.id, r.status, r.begun_at, r.changed_at FROM run r
            WHERE r.role = session_user AND r.status IN ('completed', 'cancelled') AND r.name = ANY (p_names)
              AND (r.changed_at, r.name, r.id) < (p_at, p_name, p_id)
            ORDER BY r.changed_at DESC, r.name DESC, r.id DESC LIMIT p_limit;
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION saga.get(p_name text, p_id text)
RETURNS TABLE (name text, id text, status text, begun_at timestamptz, changed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = saga, pg_temp AS $$
    SELECT r.name, r.id, r.status, r.begun_at, r.changed_at FROM run r WHERE r.role = session_user AND r.name = p_name AND r.id = p_id
$$;
-- +goose StatementEnd

-- Waits for the step that is being committed. Whoever works on the saga has an old token then and can commit no more.
-- +goose StatementBegin
CREATE FUNCTION saga.seize(p_name text, p_id text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
BEGIN
    UPDATE run SET token = token + 1, lease_until = '-infinity', wake_at = p_now, changed_at = now()
    WHERE role = session_user AND name = p_name AND id = p_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('saga', '');
    RETURN true;
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION saga.list(text[], boolean, timestamptz, text, text, integer), saga.get(text, text), saga.seize(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saga.list(text[], boolean, timestamptz, text, text, integer), saga.get(text, text), saga.seize(text, text, timestamptz) TO PUBLIC;

-- +goose Down
DROP FUNCTION saga.list(text[], boolean, timestamptz, text, text, integer), saga.get(text, text), saga.seize(text, text, timestamptz);
DROP INDEX saga.run_open, saga.run_over;

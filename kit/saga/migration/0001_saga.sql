-- Alarm clock and lock of the sagas; what happened to them is in the event log alone. A row belongs to the role that
-- opened it: every function works on rows of session_user only.

-- +goose Up

GRANT USAGE ON SCHEMA saga TO PUBLIC;

CREATE TABLE saga.run (
    role        text        NOT NULL DEFAULT session_user,
    name        text        NOT NULL,
    id          text        NOT NULL,
    status      text        NOT NULL DEFAULT 'running'
                CHECK (status IN ('running', 'waiting', 'compensating', 'completed', 'cancelled')),
    wake_at     timestamptz NOT NULL,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    token       bigint      NOT NULL DEFAULT 0, -- the fence: one more with each claim
    begun_at    timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (role, name, id)
) WITH (fillfactor = 70);
CREATE INDEX run_due ON saga.run (role, wake_at) WHERE status NOT IN ('completed', 'cancelled');

-- +goose StatementBegin
CREATE FUNCTION saga.open(p_name text, p_id text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
BEGIN
    INSERT INTO run (name, id, wake_at) VALUES (p_name, p_id, p_now) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('saga', '');
    RETURN true;
END $$;
-- +goose StatementEnd

-- When a saga is due is the caller's clock (tests turn it); leases are the server's.
-- +goose StatementBegin
CREATE FUNCTION saga.claim(p_names text[], p_now timestamptz, p_lease interval) RETURNS TABLE (name text, id text, token bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH due AS MATERIALIZED (
        SELECT r.name, r.id FROM run r
        WHERE r.role = session_user AND r.status NOT IN ('completed', 'cancelled') AND r.name = ANY (p_names)
          AND r.wake_at <= p_now AND r.lease_until <= clock_timestamp()
        ORDER BY r.wake_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE run r SET token = r.token + 1, lease_until = clock_timestamp() + p_lease
    FROM due WHERE r.role = session_user AND r.name = due.name AND r.id = due.id
    RETURNING r.name, r.id, r.token;
END $$;
-- +goose StatementEnd

-- Only leases that run out are counted: those who work ring nobody.
-- +goose StatementBegin
CREATE FUNCTION saga.next(p_names text[]) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = saga, pg_temp AS $$
    SELECT min(greatest(wake_at, lease_until)) FROM run
    WHERE role = session_user AND status NOT IN ('completed', 'cancelled') AND name = ANY (p_names)
$$;
-- +goose StatementEnd

-- Fails unless the caller still has the saga. The row stays locked until the transaction ends.
-- +goose StatementBegin
CREATE FUNCTION saga.hold(p_name text, p_id text, p_token bigint, p_lease interval, p_wake timestamptz, p_status text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
BEGIN
    UPDATE run SET lease_until = clock_timestamp() + p_lease, wake_at = coalesce(p_wake, wake_at), status = p_status, changed_at = now()
    WHERE role = session_user AND name = p_name AND id = p_id AND token = p_token;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'saga % % belongs to somebody else', p_name, p_id USING ERRCODE = 'RE002';
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION saga.rest(p_name text, p_id text, p_token bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
    UPDATE run SET lease_until = '-infinity' WHERE role = session_user AND name = p_name AND id = p_id AND token = p_token
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION saga.wake(p_name text, p_id text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = saga, pg_temp AS $$
BEGIN
    UPDATE run SET wake_at = p_now WHERE role = session_user AND name = p_name AND id = p_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('saga', '');
    RETURN true;
END $$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA saga FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saga.open(text, text, timestamptz), saga.claim(text[], timestamptz, interval), saga.next(text[]),
    saga.hold(text, text, bigint, interval, timestamptz, text), saga.rest(text, text, bigint), saga.wake(text, text, timestamptz)
    TO PUBLIC;

-- +goose Down
DROP FUNCTION saga.wake(text, text, timestamptz), saga.rest(text, text, bigint),
    saga.hold(text, text, bigint, interval, timestamptz, text), saga.next(text[]),
    saga.claim(text[], timestamptz, interval), saga.open(text, text, timestamptz);
DROP TABLE saga.run;

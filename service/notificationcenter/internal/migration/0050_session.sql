-- Whoever logs out is told nothing more in that browser: somebody else may sit there next.

-- +goose Up
-- The session in which the browser was turned on; none of those before this was known.
ALTER TABLE notificationcenter.push_subscription ADD COLUMN session_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
CREATE INDEX push_subscription_session ON notificationcenter.push_subscription (session_id);

-- For auth, in the transaction that ends a session, or, without one, all of an account.
-- +goose StatementBegin
CREATE FUNCTION notificationcenter.forget_browsers(p_account uuid, p_session uuid) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = notificationcenter, pg_temp AS $$
    WITH gone AS (
        DELETE FROM push_subscription WHERE account_id = p_account AND (p_session IS NULL OR session_id = p_session) RETURNING 1
    )
    SELECT count(*)::integer FROM gone
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION notificationcenter.forget_browsers(uuid, uuid) FROM PUBLIC;
GRANT USAGE ON SCHEMA notificationcenter TO rounds_auth;
GRANT EXECUTE ON FUNCTION notificationcenter.forget_browsers(uuid, uuid) TO rounds_auth;

-- By its fingerprint a browser knows whether it is among them; where it is reached stays a secret.
CREATE OR REPLACE VIEW notificationcenter.bff_device AS
    SELECT id AS device_id, account_id, label, created_at, used_at, reason,
           encode(sha256(convert_to(endpoint, 'UTF8')), 'hex') AS fingerprint FROM notificationcenter.push_subscription;

-- +goose Down
DROP VIEW notificationcenter.bff_device;
CREATE VIEW notificationcenter.bff_device AS
    SELECT id AS device_id, account_id, label, created_at, used_at, reason FROM notificationcenter.push_subscription;
GRANT SELECT ON notificationcenter.bff_device TO rounds_bff;
DROP FUNCTION notificationcenter.forget_browsers(uuid, uuid);
ALTER TABLE notificationcenter.push_subscription DROP COLUMN session_id;

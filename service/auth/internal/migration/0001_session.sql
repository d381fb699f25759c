-- Who is logged in where. Secrets are never kept, only their SHA-256.

-- +goose Up
GRANT USAGE ON SCHEMA auth TO rounds_auth;

-- One device that somebody logged in on.
CREATE TABLE auth.session (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    device     text NOT NULL DEFAULT '' CHECK (length(device) <= 200),
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX session_account ON auth.session (account_id);
CREATE INDEX session_expires ON auth.session (expires_at);

-- Each is good for one use; one that comes back later was stolen, and ends its session.
CREATE TABLE auth.refresh_token (
    hash       bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES auth.session ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_token_session ON auth.refresh_token (session_id);

CREATE TABLE auth.password_reset (
    hash       bytea PRIMARY KEY,
    account_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX password_reset_account ON auth.password_reset (account_id, created_at);

-- Wrong passwords, counted for one account from one address, and for one account from everywhere. The key is a hash, so
-- that the table tells neither.
CREATE TABLE auth.login_failure (
    key           bytea PRIMARY KEY,
    failures      integer NOT NULL,
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE INDEX login_failure_last ON auth.login_failure (last_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON auth.session, auth.refresh_token, auth.password_reset, auth.login_failure TO rounds_auth;

-- +goose Down
DROP TABLE auth.login_failure, auth.password_reset, auth.refresh_token, auth.session;

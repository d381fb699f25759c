-- People: who has an account, and how it was decided that somebody works in medicine.

-- +goose Up
CREATE TABLE datamanagement.account (
    id                 uuid PRIMARY KEY,
    email              text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    password_hash      text NOT NULL,
    name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    profession         text NOT NULL CHECK (length(profession) <= 60),
    speciality         text NOT NULL DEFAULT '' CHECK (length(speciality) <= 60),
    licence_number     text NOT NULL CHECK (length(licence_number) BETWEEN 1 AND 40),
    country            char(2) NOT NULL,
    language           text NOT NULL CHECK (language IN ('en', 'sl')),
    zone               text NOT NULL CHECK (length(zone) BETWEEN 1 AND 60),
    roles              text[] NOT NULL DEFAULT '{}' CHECK (roles <@ ARRAY['host', 'administrator', 'analyst']),
    state              text NOT NULL DEFAULT 'unconfirmed'
                       CHECK (state IN ('unconfirmed', 'in_review', 'approved', 'rejected', 'closed')),
    consent_version    text NOT NULL,
    consent_at         timestamptz NOT NULL,
    created_at         timestamptz NOT NULL,
    email_confirmed_at timestamptz,
    updated_at         timestamptz NOT NULL
);
CREATE UNIQUE INDEX account_email ON datamanagement.account (email);
CREATE INDEX account_state ON datamanagement.account (state, created_at);

-- The secret of a confirmation link is never kept, only its SHA-256.
CREATE TABLE datamanagement.email_confirmation (
    account_id  uuid NOT NULL REFERENCES datamanagement.account,
    secret_hash bytea PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX email_confirmation_account ON datamanagement.email_confirmation (account_id);

-- One upload of a proof and the decision on it. A rejected person applies again with a new row.
CREATE TABLE datamanagement.application (
    id               uuid PRIMARY KEY,
    account_id       uuid NOT NULL REFERENCES datamanagement.account,
    state            text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected')),
    submitted_at     timestamptz NOT NULL,
    file_name        text NOT NULL CHECK (length(file_name) <= 200),
    media_type       text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    size             integer NOT NULL CHECK (size BETWEEN 1 AND 10485760),
    sha256           bytea NOT NULL,
    -- What the registry of accredited staff said: not_asked, unavailable, not_found, found; its answer; what differs.
    registry_state   text NOT NULL DEFAULT 'not_asked'
                     CHECK (registry_state IN ('not_asked', 'unavailable', 'not_found', 'found')),
    registry_answer  jsonb,
    registry_flags   text[] NOT NULL DEFAULT '{}',
    decided_at       timestamptz,
    reviewer_id      uuid REFERENCES datamanagement.account,
    reason           text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK (state <> 'rejected' OR reason <> '')
);
CREATE UNIQUE INDEX application_waiting ON datamanagement.application (account_id) WHERE state = 'waiting';
CREATE INDEX application_queue ON datamanagement.application (state, submitted_at);

-- The document itself, encrypted before it comes here; deleted some days after the decision.
CREATE TABLE datamanagement.proof (
    application_id uuid PRIMARY KEY REFERENCES datamanagement.application,
    key_id         text NOT NULL,
    ciphertext     bytea NOT NULL,
    delete_after   timestamptz
);
CREATE INDEX proof_delete_after ON datamanagement.proof (delete_after) WHERE delete_after IS NOT NULL;

-- A command that arrives twice acts once: its request id is taken in the same transaction as its effect.
CREATE TABLE datamanagement.command (
    actor      uuid NOT NULL,
    request_id uuid NOT NULL,
    name       text NOT NULL,
    result     bytea NOT NULL DEFAULT '',
    at         timestamptz NOT NULL,
    PRIMARY KEY (actor, request_id)
);
CREATE INDEX command_at ON datamanagement.command (at);

GRANT USAGE ON SCHEMA datamanagement TO rounds_datamanagement, rounds_bff, rounds_auth, rounds_notificationtaskrunner,
    rounds_scheduler, rounds_livewebinar;
GRANT SELECT, INSERT, UPDATE ON datamanagement.account, datamanagement.email_confirmation, datamanagement.application
    TO rounds_datamanagement;
GRANT SELECT, INSERT, UPDATE, DELETE ON datamanagement.proof, datamanagement.command TO rounds_datamanagement;

-- What auth needs to log somebody in, and the only way it can change a password.
CREATE VIEW datamanagement.auth_credential AS
    SELECT id AS account_id, email, password_hash, roles, state, language, zone FROM datamanagement.account;
GRANT SELECT ON datamanagement.auth_credential TO rounds_auth;

-- +goose StatementBegin
CREATE FUNCTION datamanagement.set_password(account uuid, hash text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = datamanagement, pg_temp AS $$
BEGIN
    UPDATE datamanagement.account a SET password_hash = hash, updated_at = at WHERE a.id = account AND a.state <> 'closed';
    RETURN FOUND;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION datamanagement.set_password FROM PUBLIC;
GRANT EXECUTE ON FUNCTION datamanagement.set_password TO rounds_auth;

-- Whom a notification can reach, and in which language and zone.
CREATE VIEW datamanagement.notificationtaskrunner_account AS
    SELECT id AS account_id, email, name, language, zone, state, roles FROM datamanagement.account WHERE state <> 'closed';
GRANT SELECT ON datamanagement.notificationtaskrunner_account TO rounds_notificationtaskrunner;

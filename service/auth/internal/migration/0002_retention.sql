-- How long each table keeps what; no number: for ever. See kit/retain.

-- +goose Up
CREATE TABLE auth.retention (
    "table" text    PRIMARY KEY,
    days    integer CHECK (days >= 0),
    -- The moment from which they are counted, and of which rows; expressions over the table.
    since   text,
    only_if text    NOT NULL DEFAULT 'true',
    why     text    NOT NULL,
    CHECK ((days IS NULL) = (since IS NULL))
);
INSERT INTO auth.retention ("table", days, since, only_if, why) VALUES
    ('session', 7, 'least(expires_at, revoked_at)', 'true', 'it is over'),
    ('refresh_token', NULL, NULL, 'true', 'goes with its session'),
    ('password_reset', 7, 'expires_at', 'true', 'links that do not work any more'),
    ('login_failure', 1, 'last_at', 'true', 'wrong passwords are counted for some hours'),
    ('retention', NULL, NULL, 'true', 'the rules themselves');
GRANT SELECT ON auth.retention TO rounds_auth;

-- +goose Down
DROP TABLE auth.retention;

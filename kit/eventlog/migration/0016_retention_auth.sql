-- Auth, too, hears when it is time to delete what is old.

-- +goose Up
GRANT USAGE ON SCHEMA eventlog TO rounds_auth;
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES ('rounds_auth', 'retention.due', false, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE role = 'rounds_auth';
REVOKE USAGE ON SCHEMA eventlog FROM rounds_auth;

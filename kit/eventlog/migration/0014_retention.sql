-- Who deletes what is old hears when it is time.

-- +goose Up
GRANT USAGE ON SCHEMA eventlog TO rounds_notificationcenter;
INSERT INTO eventlog.permission (role, type, may_append, may_read)
SELECT role, 'retention.due', false, true FROM unnest(ARRAY['rounds_datamanagement', 'rounds_notificationcenter', 'rounds_notificationtaskrunner']) AS role;

-- +goose Down
DELETE FROM eventlog.permission WHERE type = 'retention.due' AND role <> 'rounds_scheduler';
REVOKE USAGE ON SCHEMA eventlog FROM rounds_notificationcenter;

-- Members are told that points are missing before a year or a cycle of their licence ends.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES
    ('rounds_datamanagement', 'licence.due', false, true),
    ('rounds_datamanagement', 'licence.deadline', true, true),
    ('rounds_notificationtaskrunner', 'licence.deadline', false, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE (role, type) IN (('rounds_datamanagement', 'licence.due'), ('rounds_datamanagement', 'licence.deadline'),
    ('rounds_notificationtaskrunner', 'licence.deadline'));

-- An appeal was decided.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES
    ('rounds_datamanagement', 'appeal.decided', true, true),
    ('rounds_notificationtaskrunner', 'appeal.decided', false, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE type = 'appeal.decided';

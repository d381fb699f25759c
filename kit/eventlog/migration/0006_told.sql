-- People are told that a webinar is live, and that the agency refused their points.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES
    ('rounds_notificationtaskrunner', 'webinar.live', false, true),
    ('rounds_notificationtaskrunner', 'points.answered', false, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE role = 'rounds_notificationtaskrunner' AND type IN ('webinar.live', 'points.answered');

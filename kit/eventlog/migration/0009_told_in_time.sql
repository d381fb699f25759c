-- People are told what time asks for: digests, deadlines, hosts who are missing.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read)
SELECT 'rounds_notificationtaskrunner', type, false, true FROM unnest(ARRAY['digest.due', 'points.deadline', 'hosts.missing']) AS type;

-- +goose Down
DELETE FROM eventlog.permission WHERE role = 'rounds_notificationtaskrunner' AND type IN ('digest.due', 'points.deadline', 'hosts.missing');

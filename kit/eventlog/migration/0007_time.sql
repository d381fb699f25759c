-- What time asks for.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read)
SELECT 'rounds_scheduler', type, true, true
FROM unnest(ARRAY['hosts.missing', 'digest.due', 'licence.due', 'retention.due', 'points.deadline']) AS type;

-- +goose Down
DELETE FROM eventlog.permission WHERE role = 'rounds_scheduler' AND type IN ('hosts.missing', 'digest.due', 'licence.due', 'retention.due', 'points.deadline');

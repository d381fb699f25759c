-- Points are requested by a saga.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES
    ('rounds_scheduler', 'points.requested', false, true),
    ('rounds_scheduler', 'points.submit', true, true),
    ('rounds_scheduler', 'points.submitted', false, true),
    ('rounds_scheduler', 'points.awaited', true, true),
    ('rounds_scheduler', 'points.settled', false, true),
    ('rounds_datamanagement', 'points.submit', false, true),
    ('rounds_datamanagement', 'points.submitted', true, true),
    ('rounds_datamanagement', 'points.awaited', false, true),
    ('rounds_datamanagement', 'points.settled', true, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE type IN ('points.submit', 'points.submitted', 'points.awaited', 'points.settled')
    OR (role = 'rounds_scheduler' AND type = 'points.requested');

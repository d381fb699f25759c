-- A webinar is called off by a saga.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read) VALUES
    ('rounds_datamanagement', 'cancel.requested', true, true),
    ('rounds_datamanagement', 'cancel.accepted', true, true),
    ('rounds_datamanagement', 'cancel.refused', true, true),
    ('rounds_datamanagement', 'cancel.prepared', false, true),
    ('rounds_datamanagement', 'cancel.failed', false, true),
    ('rounds_scheduler', 'cancel.prepared', true, true),
    ('rounds_scheduler', 'cancel.completed', true, true),
    ('rounds_scheduler', 'cancel.failed', true, true),
    ('rounds_scheduler', 'cancel.requested', false, true),
    ('rounds_scheduler', 'cancel.accepted', false, true),
    ('rounds_scheduler', 'cancel.refused', false, true),
    ('rounds_livewebinar', 'webinar.cancelled', false, true);

-- +goose Down
DELETE FROM eventlog.permission WHERE type LIKE 'cancel.%' OR (role = 'rounds_livewebinar' AND type = 'webinar.cancelled');

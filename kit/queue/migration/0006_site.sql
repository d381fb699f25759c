-- What stands on the site waits for no mail server.

-- +goose Up
SELECT queue.declare('notification.site', false, 'one Notification per person, for the site');
INSERT INTO queue.permission (role, queue, may_put, may_take) VALUES
    ('rounds_notificationtaskrunner', 'notification.site', true,  false),
    ('rounds_notificationcenter',     'notification.site', false, true);

-- +goose Down
DELETE FROM queue.queue WHERE name = 'notification.site';

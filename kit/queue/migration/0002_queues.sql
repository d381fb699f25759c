-- The visible table of queues: what each carries, who may put, who may take.

-- +goose Up
SELECT queue.declare('notification.task', false, 'mails with a secret link: ConfirmEmail, ResetPassword');
SELECT queue.declare('notification.send', false, 'one Notification per person and channel');
SELECT queue.declare('activity', false, 'Activity, without identity');

INSERT INTO queue.permission (role, queue, may_put, may_take) VALUES
    ('rounds_datamanagement',         'notification.task', true,  false),
    ('rounds_auth',                   'notification.task', true,  false),
    ('rounds_notificationtaskrunner', 'notification.task', false, true),

    ('rounds_notificationtaskrunner', 'notification.send', true,  false),
    ('rounds_notificationcenter',     'notification.send', false, true),

    ('rounds_datamanagement',         'activity',          true,  false),
    ('rounds_livewebinar',            'activity',          true,  false),
    ('rounds_statistics',             'activity',          false, true);

-- +goose Down
DELETE FROM queue.queue WHERE name IN ('notification.task', 'notification.send', 'activity');

-- Who may append which event, and who may read it: the publishers and listeners of contract/event.Catalog.
-- Whoever appends a type may also read it.

-- +goose Up
INSERT INTO eventlog.permission (role, type, may_append, may_read)
SELECT 'rounds_' || role, type, true, true FROM (VALUES
    ('datamanagement', ARRAY['account.registered', 'account.confirmed', 'account.approved', 'account.rejected',
                             'article.published', 'article.unpublished', 'comment.added', 'comment.hidden',
                             'webinar.scheduled', 'webinar.moved', 'webinar.cancelled', 'attendance.evaluated',
                             'points.requested', 'points.answered', 'points.booked']),
    ('scheduler',      ARRAY['reminder.due', 'start.requested', 'webinar.live', 'start.completed', 'start.failed',
                             'end.requested', 'webinar.ended', 'end.completed', 'saga.*']),
    ('livewebinar',    ARRAY['room.opened', 'room.closed'])
) AS publisher (role, types), unnest(types) AS type;

INSERT INTO eventlog.permission (role, type, may_append, may_read)
SELECT 'rounds_' || role, type, false, true FROM (VALUES
    ('notificationtaskrunner', ARRAY['account.approved', 'account.rejected', 'article.published', 'comment.added',
                                     'webinar.moved', 'webinar.cancelled', 'reminder.due', 'points.booked']),
    ('livewebinar',            ARRAY['start.requested', 'webinar.live', 'start.failed', 'end.requested', 'webinar.ended']),
    ('datamanagement',         ARRAY['webinar.ended']),
    ('scheduler',              ARRAY['room.opened', 'room.closed', 'attendance.evaluated'])
) AS listener (role, types), unnest(types) AS type;

-- +goose Down
DELETE FROM eventlog.permission;

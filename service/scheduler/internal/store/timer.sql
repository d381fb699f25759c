-- name: TimerAddLeads :execrows
-- One timer per planned webinar, kind and lead. A lead that has passed already acts at once; a start that has, never.
INSERT INTO scheduler.timer (webinar_id, kind, sequence, lead, due_at)
SELECT p.webinar_id, l.kind, p.sequence, l.lead, p.starts_at - l.lead * interval '1 second'
FROM scheduler.plan p, (SELECT unnest(@kinds::text[]) AS kind, unnest(@leads::integer[]) AS lead) l
WHERE NOT p.cancelled AND p.starts_at > @now
    -- What is there already is not even tried: this runs every second.
    AND NOT EXISTS (SELECT 1 FROM scheduler.timer t WHERE t.webinar_id = p.webinar_id AND t.kind = l.kind
        AND t.sequence = p.sequence AND t.lead = l.lead AND t.try = 1)
ON CONFLICT (webinar_id, kind, sequence, lead, try) DO NOTHING;

-- name: TimerClaim :many
UPDATE scheduler.timer t
SET token = t.token + 1, lease_until = @lease_until, attempts = t.attempts + 1
WHERE t.id IN (
    SELECT d.id FROM scheduler.timer d
    WHERE d.state = 'waiting' AND d.due_at <= @now AND (d.lease_until IS NULL OR d.lease_until < @now)
        AND (d.kind = 'reminder') = @reminders::boolean
    ORDER BY d.due_at
    LIMIT @most
    FOR UPDATE SKIP LOCKED
)
RETURNING t.id, t.webinar_id, t.kind, t.sequence, t.lead, t.try, t.due_at, t.deadline, t.token, t.attempts;

-- name: TimerDone :execrows
-- Nothing happens for an instance whose claim has been taken over, or whose timer was cancelled meanwhile.
UPDATE scheduler.timer SET state = 'done', lease_until = NULL, error = ''
WHERE id = @id AND token = @token AND state = 'waiting';

-- name: TimersDone :many
-- The same for many; those that are not answered are somebody else's, or nobody's.
UPDATE scheduler.timer t SET state = 'done', lease_until = NULL, error = ''
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@tokens::integer[]) AS token) c
WHERE t.id = c.id AND t.token = c.token AND t.state = 'waiting' RETURNING t.id;

-- name: TimerLater :execrows
UPDATE scheduler.timer SET due_at = @due_at, lease_until = NULL, error = @error
WHERE id = @id AND token = @token AND state = 'waiting';

-- name: TimerTryAgain :exec
INSERT INTO scheduler.timer (webinar_id, kind, sequence, try, due_at)
VALUES (@webinar_id, 'start', @sequence, @try, @due_at)
ON CONFLICT (webinar_id, kind, sequence, lead, try) DO NOTHING;

-- name: TimerAddPoints :exec
-- Before the agency stops taking the points of a webinar that has ended. One that is overtaken by a later one is passed over when it fires.
INSERT INTO scheduler.timer (webinar_id, kind, sequence, lead, due_at, deadline)
SELECT @webinar_id, 'points', @sequence, l.lead, l.deadline - l.lead * interval '1 second', l.deadline
FROM (SELECT unnest(@leads::integer[]) AS lead, @deadline::timestamptz AS deadline) l
ON CONFLICT (webinar_id, kind, sequence, lead, try) DO NOTHING;

-- name: TimerStop :execrows
-- Before a webinar is called off.
UPDATE scheduler.timer SET state = 'cancelled', lease_until = NULL WHERE webinar_id = @webinar_id AND state = 'waiting';

-- name: TimerResume :exec
-- It is not called off after all: what is live will end. A timer that was stopped and is overdue fires at once.
UPDATE scheduler.timer t SET state = 'waiting', attempts = 0 FROM scheduler.plan p
WHERE t.webinar_id = @webinar_id AND p.webinar_id = t.webinar_id AND NOT p.cancelled AND t.sequence = p.sequence
    AND t.kind = 'end' AND t.state = 'cancelled';

-- name: TimerStartTry :one
-- The latest try of a start that has fired; 0 when none has.
SELECT coalesce(max(try), 0)::integer AS try FROM scheduler.timer
WHERE webinar_id = @webinar_id AND kind = 'start' AND sequence = @sequence AND state = 'done';

-- name: TimerNext :one
-- When the next timer is due, or its claim runs out; otherwise when there is none.
SELECT coalesce(min(greatest(due_at, lease_until)), @otherwise::timestamptz)::timestamptz AS at
FROM scheduler.timer WHERE state = 'waiting';

-- name: TimerCounts :many
SELECT kind, state, count(*) AS number, coalesce(min(due_at) FILTER (WHERE state = 'waiting'), 'epoch')::timestamptz AS oldest
FROM scheduler.timer GROUP BY kind, state;

-- name: PlansGet :many
SELECT p.webinar_id, p.starts_at, p.minutes, p.sequence, p.cancelled FROM scheduler.plan p WHERE p.webinar_id = ANY (@webinars::uuid[]);

-- name: PlanGet :one
SELECT webinar_id, starts_at, minutes, sequence, cancelled FROM scheduler.plan WHERE webinar_id = @webinar_id;

-- name: WebinarState :one
SELECT state FROM datamanagement.scheduler_webinar WHERE webinar_id = @webinar_id;

-- name: PointsOpen :one
-- Whether somebody has earned points with this webinar that nobody has requested, or that were refused.
SELECT EXISTS (SELECT 1 FROM datamanagement.scheduler_points WHERE webinar_id = @webinar_id AND open)::boolean AS open;

-- name: ReportDays :one
-- How many days the countries of those who earned points with this webinar leave for reporting them; 0 when none of them says.
SELECT coalesce(min(r.days), 0)::integer AS days FROM datamanagement.scheduler_report r WHERE r.webinar_id = @webinar_id;

-- name: WebinarSetLive :one
SELECT datamanagement.webinar_set_live(@webinar_id, @plan, @at)::boolean AS changed;

-- name: WebinarSetPlanned :one
SELECT datamanagement.webinar_set_planned(@webinar_id, @at)::boolean AS changed;

-- name: WebinarSetEnded :one
SELECT datamanagement.webinar_set_ended(@webinar_id, @at)::boolean AS changed;

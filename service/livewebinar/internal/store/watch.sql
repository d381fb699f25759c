-- name: BeatAdd :exec
INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden, clean, instance)
SELECT unnest(@webinar_ids::uuid[]), unnest(@account_ids::uuid[]), unnest(@streams::text[]), unnest(@sequences::bigint[]),
       unnest(@events::text[]), unnest(@ats::timestamptz[]), unnest(@positions::integer[]), unnest(@hidden::boolean[]), unnest(@clean::boolean[]), @instance;

-- Times that have not come arrive as the first day of the calendar, because an array of times has no holes in Go.
-- name: CheckSave :exec
INSERT INTO livewebinar.presence_check AS c (webinar_id, account_id, number, due_at, sent_at, delivered_at, answered_at, tries)
SELECT n.webinar_id, n.account_id, n.number, n.due_at, nullif(n.sent_at, '0001-01-01 00:00:00Z'),
       nullif(n.delivered_at, '0001-01-01 00:00:00Z'), nullif(n.answered_at, '0001-01-01 00:00:00Z'), n.tries
FROM (SELECT unnest(@webinar_ids::uuid[]) AS webinar_id, unnest(@account_ids::uuid[]) AS account_id,
             unnest(@numbers::integer[]) AS number, unnest(@due_ats::timestamptz[]) AS due_at,
             unnest(@sent_ats::timestamptz[]) AS sent_at, unnest(@delivered_ats::timestamptz[]) AS delivered_at,
             unnest(@answered_ats::timestamptz[]) AS answered_at, unnest(@tries::jsonb[]) AS tries) AS n
ON CONFLICT (webinar_id, account_id, number) DO UPDATE
SET sent_at = least(c.sent_at, excluded.sent_at), delivered_at = least(c.delivered_at, excluded.delivered_at),
    answered_at = least(c.answered_at, excluded.answered_at), tries = c.tries || excluded.tries, written_at = clock_timestamp();

-- Only while the room is closing, which waits with closing until this is done; who has been frozen stays as it is.
-- name: AttendanceAdd :exec
INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256)
SELECT r.webinar_id, n.account_id, n.first_joined_at, n.seconds, n.evidence, n.sha256
FROM (SELECT o.webinar_id FROM livewebinar.room AS o WHERE o.webinar_id = @webinar_id AND o.state = 'closing' FOR SHARE) AS r,
     (SELECT unnest(@account_ids::uuid[]) AS account_id, unnest(@first_joined_ats::timestamptz[]) AS first_joined_at,
             unnest(@seconds::integer[]) AS seconds, unnest(@evidences::jsonb[]) AS evidence, unnest(@hashes::bytea[]) AS sha256) AS n
ON CONFLICT DO NOTHING;

-- name: FrameGet :one
SELECT evidence FROM livewebinar.frame WHERE webinar_id = @webinar_id;

-- name: FrameAdd :exec
INSERT INTO livewebinar.frame (webinar_id, evidence) VALUES (@webinar_id, @evidence);

-- Some of those who were there and are not frozen yet. It steps from one viewer to the next through the index, because each has hundreds of beats.
-- name: Unfrozen :many
WITH RECURSIVE viewer AS (
    (SELECT b.account_id FROM livewebinar.beat AS b WHERE b.webinar_id = @webinar_id ORDER BY b.account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT b.account_id FROM livewebinar.beat AS b WHERE b.webinar_id = @webinar_id AND b.account_id > v.account_id ORDER BY b.account_id LIMIT 1)
    FROM viewer AS v WHERE v.account_id IS NOT NULL
)
SELECT v.account_id FROM viewer AS v
WHERE v.account_id IS NOT NULL AND EXISTS (SELECT FROM livewebinar.room AS r WHERE r.webinar_id = @webinar_id AND r.state = 'closing')
  AND NOT EXISTS (SELECT FROM livewebinar.attendance AS a WHERE a.webinar_id = @webinar_id AND a.account_id = v.account_id)
LIMIT @at_most;

-- name: AttendanceCount :one
SELECT count(*) FROM livewebinar.attendance WHERE webinar_id = @webinar_id;

-- name: AttendancePage :many
SELECT coalesce(p.name, '')::text AS name, a.first_joined_at, a.evidence
FROM livewebinar.attendance a LEFT JOIN datamanagement.livewebinar_account p ON p.account_id = a.account_id
WHERE a.webinar_id = @webinar_id ORDER BY lower(p.name), a.account_id LIMIT @at_most OFFSET @skip;

-- name: BeatsOfMany :many
SELECT account_id, stream, sequence, event, at FROM livewebinar.beat
WHERE webinar_id = @webinar_id AND account_id = ANY (@account_ids::uuid[]);

-- name: ChecksOfMany :many
SELECT account_id, number, due_at, sent_at, delivered_at, answered_at, tries FROM livewebinar.presence_check
WHERE webinar_id = @webinar_id AND account_id = ANY (@account_ids::uuid[]) ORDER BY account_id, number;

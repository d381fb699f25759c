-- name: BeatAdd :exec
INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
SELECT unnest(@webinar_ids::uuid[]), unnest(@account_ids::uuid[]), unnest(@streams::text[]), unnest(@sequences::bigint[]),
       unnest(@events::text[]), unnest(@ats::timestamptz[]), unnest(@positions::integer[]), unnest(@hidden::boolean[]);

-- name: BeatsOf :many
SELECT stream, sequence, event, at FROM livewebinar.beat WHERE webinar_id = @webinar_id AND account_id = @account_id;

-- name: CheckSave :exec
INSERT INTO livewebinar.presence_check AS c (webinar_id, account_id, number, due_at, sent_at, delivered_at, answered_at)
SELECT unnest(@webinar_ids::uuid[]), unnest(@account_ids::uuid[]), unnest(@numbers::integer[]), unnest(@due_ats::timestamptz[]),
       unnest(@sent_ats::timestamptz[]), unnest(@delivered_ats::timestamptz[]), unnest(@answered_ats::timestamptz[])
ON CONFLICT (webinar_id, account_id, number) DO UPDATE
SET sent_at = least(c.sent_at, excluded.sent_at), delivered_at = least(c.delivered_at, excluded.delivered_at),
    answered_at = least(c.answered_at, excluded.answered_at);

-- name: ChecksOf :many
SELECT number, due_at, sent_at, delivered_at, answered_at FROM livewebinar.presence_check
WHERE webinar_id = @webinar_id AND account_id = @account_id ORDER BY number;

-- name: AttendanceAdd :exec
INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256)
SELECT @webinar_id, unnest(@account_ids::uuid[]), unnest(@first_joined_ats::timestamptz[]), unnest(@seconds::integer[]),
       unnest(@evidences::jsonb[]), unnest(@hashes::bytea[]);

-- name: TailStart :one
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, clock_timestamp()::timestamptz AS now;

-- name: BeatsElsewhere :many
SELECT webinar_id, account_id, stream, sequence, event, at, clean, instance FROM livewebinar.beat
WHERE webinar_id = ANY (@webinar_ids::uuid[]) AND written_at > @since::timestamptz AND written_by >= (@xmin::text)::xid8 AND instance <> @me::uuid
ORDER BY at, stream, sequence;

-- name: StreamsElsewhere :many
SELECT DISTINCT ON (account_id, stream) account_id, stream, sequence, event, at, instance FROM livewebinar.beat
WHERE webinar_id = @webinar_id AND written_at > clock_timestamp() - interval '2 minutes' AND instance <> @me::uuid
ORDER BY account_id, stream, written_at DESC, at DESC, sequence DESC;

-- name: ChecksChanged :many
SELECT webinar_id, account_id, number, due_at, sent_at, delivered_at, answered_at, tries FROM livewebinar.presence_check
WHERE webinar_id = ANY (@webinar_ids::uuid[]) AND written_at > @since::timestamptz;

-- name: IncidentsOf :many
SELECT webinar_id, from_at, to_at, reason FROM livewebinar.incident WHERE webinar_id = ANY (@webinar_ids::uuid[]) ORDER BY webinar_id, from_at;

-- name: SegmentsOf :many
SELECT webinar_id, from_at, kind, revision FROM livewebinar.segment WHERE webinar_id = ANY (@webinar_ids::uuid[]) ORDER BY webinar_id, from_at;

-- name: LecturersOf :many
SELECT webinar_id, host_id FROM datamanagement.livewebinar_webinar WHERE webinar_id = ANY (@webinar_ids::uuid[]);

-- name: SegmentAdd :exec
INSERT INTO livewebinar.segment (webinar_id, from_at, kind, account_id, revision)
VALUES (@webinar_id, @from_at, @kind, @account_id, @revision);

-- name: IncidentGrow :exec
INSERT INTO livewebinar.incident (webinar_id, from_at, to_at, reason) VALUES (@webinar_id, @from_at, @to_at, @reason)
ON CONFLICT (webinar_id, from_at) DO UPDATE SET to_at = excluded.to_at WHERE incident.to_at <> excluded.to_at;

-- name: SampleSave :exec
INSERT INTO livewebinar.sample (webinar_id, at, viewers, checks, answered)
VALUES (@webinar_id, @minute::timestamptz, @viewers, @checks, @answered)
ON CONFLICT (webinar_id, at) DO UPDATE
SET viewers = greatest(sample.viewers, excluded.viewers), checks = excluded.checks, answered = excluded.answered;

-- name: ChecksEnded :many
-- Those of who has watched: a host at the console plays nothing, is shown no check, and answers none.
SELECT c.delivered_at, c.answered_at FROM livewebinar.presence_check AS c
WHERE c.webinar_id = @webinar_id AND c.delivered_at > @after::timestamptz AND c.delivered_at <= @until::timestamptz
  AND EXISTS (SELECT FROM livewebinar.beat AS b WHERE b.webinar_id = c.webinar_id AND b.account_id = c.account_id AND b.event = 'playing');

-- name: SampleList :many
SELECT at, viewers, checks, answered FROM livewebinar.sample WHERE webinar_id = @webinar_id ORDER BY at;

-- name: AccountsOf :many
SELECT account_id, name, roles, state, profession, country FROM datamanagement.livewebinar_account WHERE account_id = ANY (@account_ids::uuid[]);

-- name: RoomOpen :execrows
INSERT INTO livewebinar.room (webinar_id, state, opened_at, seed, commitment, alive_at)
VALUES (@webinar_id, 'open', @now, @seed, @commitment, @now)
ON CONFLICT (webinar_id) DO UPDATE
SET state = 'open', opened_at = @now, seed = @seed, commitment = @commitment, alive_at = @now, closing_at = NULL
WHERE room.state = 'abandoned';

-- name: RoomGet :one
SELECT webinar_id, state, opened_at, closed_at, last_sequence, seed, commitment, alive_at, viewers, closing_at
FROM livewebinar.room WHERE webinar_id = @webinar_id;

-- name: RoomLock :one
SELECT webinar_id, state, opened_at, closed_at, last_sequence, seed, commitment, alive_at, viewers, closing_at
FROM livewebinar.room WHERE webinar_id = @webinar_id FOR UPDATE;

-- name: RoomList :many
SELECT webinar_id, state, opened_at, closed_at, viewers
FROM livewebinar.room WHERE webinar_id = ANY (@webinar_ids::uuid[]);

-- name: RoomsRunning :many
SELECT webinar_id, state, opened_at, closing_at FROM livewebinar.room WHERE state IN ('open', 'closing') ORDER BY opened_at LIMIT 1000;

-- name: RoomMove :execrows
UPDATE livewebinar.room SET state = @state, closing_at = livewebinar.clock() WHERE webinar_id = @webinar_id AND state = 'open';

-- name: RoomClosed :execrows
UPDATE livewebinar.room SET state = 'closed', closed_at = @closed_at, viewers = @viewers
WHERE webinar_id = @webinar_id AND state = 'closing';

-- name: RoomSequence :exec
UPDATE livewebinar.room SET last_sequence = @last_sequence WHERE webinar_id = @webinar_id;

-- name: RoomsAlive :exec
UPDATE livewebinar.room SET alive_at = @now WHERE webinar_id = ANY (@webinar_ids::uuid[]) AND state = 'open' AND alive_at < @now;

-- name: IncidentAdd :exec
INSERT INTO livewebinar.incident (webinar_id, from_at, to_at, reason)
VALUES (@webinar_id, @from_at, @to_at, @reason) ON CONFLICT DO NOTHING;

-- name: IncidentList :many
SELECT from_at, to_at FROM livewebinar.incident WHERE webinar_id = @webinar_id ORDER BY from_at;

-- name: WebinarGet :one
SELECT slug, title, state, starts_at, minutes, frozen_rule, hundredths, video_url, host_id
FROM datamanagement.livewebinar_webinar WHERE webinar_id = @webinar_id;

-- name: WebinarStates :many
SELECT webinar_id, slug, title, state FROM datamanagement.livewebinar_webinar WHERE webinar_id = ANY (@webinar_ids::uuid[]);

-- name: WebinarBySlug :one
SELECT webinar_id, title, state, starts_at, video_url, host_id FROM datamanagement.livewebinar_webinar WHERE slug = @slug;

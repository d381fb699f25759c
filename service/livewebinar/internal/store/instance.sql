-- name: ClockNow :one
SELECT livewebinar.clock()::timestamptz AS now;

-- name: InstanceSeen :exec
INSERT INTO livewebinar.instance (id) VALUES (@id) ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp();

-- name: InstanceList :many
SELECT id, seen_at, extract(epoch FROM clock_timestamp() - seen_at)::float8 AS silent FROM livewebinar.instance ORDER BY id;

-- name: InstanceGone :exec
DELETE FROM livewebinar.instance WHERE id = @id;

-- name: InstanceForget :exec
DELETE FROM livewebinar.instance WHERE seen_at < clock_timestamp() - interval '1 day';

-- name: DrainAdd :exec
INSERT INTO livewebinar.drain (webinar_id, instance) VALUES (@webinar_id, @instance) ON CONFLICT DO NOTHING;

-- name: DrainCount :one
SELECT count(*) FROM livewebinar.drain WHERE webinar_id = @webinar_id AND instance = ANY (@instances::uuid[]);

-- name: BackstageSeen :exec
INSERT INTO livewebinar.backstage (webinar_id, instance, hosts) VALUES (@webinar_id, @instance, @hosts)
ON CONFLICT (webinar_id, instance) DO UPDATE SET hosts = excluded.hosts, seen_at = clock_timestamp();

-- name: BackstageList :many
-- What was written some seconds ago may be of an instance that died since.
SELECT webinar_id, sum(hosts)::integer AS hosts FROM livewebinar.backstage
WHERE webinar_id = ANY (@webinar_ids::uuid[]) AND hosts > 0 AND seen_at > clock_timestamp() - interval '15 seconds'
GROUP BY webinar_id;

-- name: BackstageForget :exec
DELETE FROM livewebinar.backstage WHERE seen_at < clock_timestamp() - interval '1 day';

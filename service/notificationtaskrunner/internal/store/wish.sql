-- name: ChoicesOf :many
-- What people of one page said about a topic, or about one of the things that the news is about.
SELECT account_id, target_id, channel, enabled FROM datamanagement.notificationtaskrunner_preference
WHERE account_id = ANY(@accounts::uuid[]) AND topic = @topic AND target_id = ANY(@targets::uuid[]);

-- name: SettingsOf :many
SELECT account_id, quiet_from, quiet_to, article_digest, paused_until FROM datamanagement.notificationtaskrunner_setting
WHERE account_id = ANY(@accounts::uuid[]);

-- name: DevicesOf :many
-- Only for them a message of this kind is made at all.
SELECT account_id FROM notificationcenter.notificationtaskrunner_push WHERE account_id = ANY(@accounts::uuid[]);

-- name: SubscribedToWebinar :many
SELECT account_id FROM datamanagement.notificationtaskrunner_subscription
WHERE account_id = ANY(@accounts::uuid[]) AND kind = 'webinar' AND target_id = @webinar_id;

-- name: PutOff :exec
-- The person sees that a message waits, and until when.
SELECT notificationcenter.put_off(@ids::uuid[], @accounts::uuid[], @channels::text[],
    array_fill(@kind::text, ARRAY[cardinality(@ids::uuid[])]), @until::timestamptz[],
    array_fill(sqlc.narg(expires_at)::timestamptz, ARRAY[cardinality(@ids::uuid[])]),
    array_fill(@reason::text, ARRAY[cardinality(@ids::uuid[])]), @now::timestamptz);

-- name: DigestGather :exec
INSERT INTO notificationtaskrunner.digest_item (account_id, article_id, gathered_at)
SELECT unnest(@accounts::uuid[]), @article_id::uuid, @now::timestamptz ON CONFLICT DO NOTHING;

-- name: DigestJoin :exec
-- A digest tells what earlier ones would have told that have told nobody yet: it is for their hours too.
WITH joined AS (
    UPDATE notificationtaskrunner.run AS e SET ended_at = @now, ending = @ending
    WHERE e.kind = @kind AND e.ended_at IS NULL AND e.told = 0 AND e.last_person = '00000000-0000-0000-0000-000000000000'
        AND (e.data->>'at')::timestamptz < @at::timestamptz
    RETURNING e.data
)
UPDATE notificationtaskrunner.run AS r
SET data = r.data || jsonb_build_object('since', to_char(j.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
FROM (SELECT min(coalesce(nullif(o.data->>'since', '')::timestamptz, (o.data->>'at')::timestamptz - interval '1 hour')) AS since FROM joined AS o) AS j
WHERE r.id = @id AND j.since IS NOT NULL;

-- name: DigestZones :many
SELECT DISTINCT a.zone FROM notificationtaskrunner.digest_item i
JOIN datamanagement.notificationtaskrunner_account a ON a.account_id = i.account_id;

-- name: DigestPeople :many
-- Those whose clocks show the hour of the digest, and its day. Who wants none any more gets what was gathered, once.
SELECT a.account_id, a.email, a.name, a.language, a.zone
FROM (SELECT DISTINCT i.account_id FROM notificationtaskrunner.digest_item i WHERE i.account_id > @after) AS waiting
JOIN datamanagement.notificationtaskrunner_account a ON a.account_id = waiting.account_id
LEFT JOIN datamanagement.notificationtaskrunner_setting s ON s.account_id = a.account_id
WHERE a.zone = ANY(@zones::text[])
  AND (s.article_digest IS DISTINCT FROM 'weekly' OR a.zone = ANY(@mondays::text[]))
  AND (s.paused_until IS NULL OR s.paused_until <= @now::timestamptz)
ORDER BY a.account_id LIMIT @most;

-- name: DigestTake :many
-- What waits for them goes; of it, what was withdrawn meanwhile is not told.
WITH taken AS (
    DELETE FROM notificationtaskrunner.digest_item WHERE account_id = ANY(@accounts::uuid[]) RETURNING account_id, article_id, gathered_at
)
SELECT t.account_id, a.title, a.slug, a.category_id FROM taken t
JOIN datamanagement.notificationtaskrunner_article a ON a.article_id = t.article_id AND a.state = 'published'
ORDER BY t.account_id, t.gathered_at DESC, t.article_id;

-- name: DigestForget :execrows
DELETE FROM notificationtaskrunner.digest_item WHERE gathered_at < @before;

-- name: RefusedRequest :one
SELECT webinar_id, answer FROM datamanagement.notificationtaskrunner_refused WHERE request_id = @request_id LIMIT 1;

-- name: RefusedPeople :many
SELECT a.account_id, a.email, a.name, a.language, a.zone, r.hundredths
FROM datamanagement.notificationtaskrunner_refused r
JOIN datamanagement.notificationtaskrunner_account a ON a.account_id = r.account_id
WHERE r.request_id = @request_id AND a.account_id > @after
ORDER BY a.account_id LIMIT @most;

-- name: Staff :many
-- Who has one of the roles, or hosts the webinar.
SELECT a.account_id, a.email, a.name, a.language, a.zone FROM datamanagement.notificationtaskrunner_account a
WHERE a.account_id > @after AND a.state = 'approved' AND (a.roles && @roles::text[]
    OR a.account_id IN (SELECT h.account_id FROM datamanagement.notificationtaskrunner_host h WHERE h.webinar_id = @webinar_id))
ORDER BY a.account_id LIMIT @most;

-- name: HostedAhead :many
-- What is live or planned, the next start first; also what should have begun and has not.
SELECT sqlc.embed(w) FROM datamanagement.bff_webinar w
WHERE w.state = @state::text
    AND (NOT @own::boolean OR EXISTS (SELECT 1 FROM datamanagement.bff_host h WHERE h.webinar_id = w.webinar_id AND h.account_id = @account::uuid))
    AND (w.starts_at, w.webinar_id) > (@after::timestamptz, @after_id::uuid)
ORDER BY w.starts_at, w.webinar_id LIMIT @most;

-- name: HostedPast :many
SELECT sqlc.embed(w) FROM datamanagement.bff_webinar w
WHERE w.state = 'ended'
    AND (NOT @own::boolean OR EXISTS (SELECT 1 FROM datamanagement.bff_host h WHERE h.webinar_id = w.webinar_id AND h.account_id = @account::uuid))
    AND (w.starts_at, w.webinar_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY w.starts_at DESC, w.webinar_id DESC LIMIT @most;

-- name: HostOf :one
SELECT EXISTS (SELECT 1 FROM datamanagement.bff_host h WHERE h.webinar_id = @webinar_id AND h.account_id = @account::uuid)::boolean AS hosts;

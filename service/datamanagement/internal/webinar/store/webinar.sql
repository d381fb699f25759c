-- name: LecturerExists :one
SELECT EXISTS (SELECT 1 FROM datamanagement.lecturer WHERE id = @id);

-- name: CategoryExists :one
SELECT EXISTS (SELECT 1 FROM datamanagement.category WHERE id = @id);

-- name: WebinarInsert :execrows
INSERT INTO datamanagement.webinar (id, slug, title, description, description_html, lecturer_id, category_id, credit_rule_id, starts_at, zone,
    minutes, hundredths, video_url, sequence, created_at, updated_at)
VALUES (@id, @slug, @title, @description, @description_html, @lecturer_id, @category_id, @credit_rule_id, @starts_at, @zone,
    @minutes, @hundredths, @video_url, @sequence, @now, @now) ON CONFLICT (slug) DO NOTHING;

-- name: WebinarLock :one
SELECT id, state, version, sequence, starts_at, zone, minutes, hundredths, credit_rule_id, cancel_reason, cancel_asked_at
FROM datamanagement.webinar WHERE id = @id FOR UPDATE;

-- name: WebinarEdit :one
UPDATE datamanagement.webinar SET title = @title, description = @description, description_html = @description_html,
    lecturer_id = @lecturer_id, category_id = @category_id, credit_rule_id = @credit_rule_id, hundredths = @hundredths,
    video_url = @video_url, version = version + 1, updated_at = @now
WHERE id = @id RETURNING version;

-- name: WebinarMove :one
UPDATE datamanagement.webinar SET starts_at = @starts_at, zone = @zone, minutes = @minutes, sequence = sequence + 1, version = version + 1,
    updated_at = @now
WHERE id = @id RETURNING starts_at, minutes, sequence, version;

-- name: WebinarCancelAsk :exec
UPDATE datamanagement.webinar SET cancel_reason = @reason, cancel_asked_at = @now::timestamptz, updated_at = @now::timestamptz WHERE id = @id;

-- name: WebinarCancelForget :exec
-- What is cancelled stays so.
UPDATE datamanagement.webinar SET cancel_reason = '' WHERE id = @id AND state <> 'cancelled';

-- name: WebinarCancel :one
UPDATE datamanagement.webinar SET state = 'cancelled', sequence = sequence + 1, version = version + 1, updated_at = @now
WHERE id = @id RETURNING sequence;

-- name: PlanWebinar :exec
SELECT scheduler.plan_webinar(@webinar::uuid, @starts_at::timestamptz, @minutes::integer, @sequence::integer, @cancelled::boolean);

-- name: WebinarHost :one
SELECT l.account_id FROM datamanagement.webinar w JOIN datamanagement.lecturer l ON l.id = w.lecturer_id WHERE w.id = @id;

-- name: PlanHurry :one
SELECT scheduler.hurry_webinar(@webinar::uuid, @kind::text, @at::timestamptz)::boolean AS hurried;

-- name: WebinarsAhead :many
-- What is live or still to come, the next start first. A cancelled one stays in sight until it would have been over.
SELECT sqlc.embed(w), EXISTS (SELECT 1 FROM datamanagement.bff_subscription s
    WHERE s.account_id = @account::uuid AND s.kind = 'webinar' AND s.target_id = w.webinar_id)::boolean AS subscribed
FROM datamanagement.bff_webinar w
WHERE w.state = ANY (@states::text[]) AND (w.state = 'live' OR w.starts_at + make_interval(mins => w.minutes) > @now::timestamptz)
    AND (@category::text = '' OR w.category_slug = @category) AND (@lecturer::text = '' OR w.lecturer_slug = @lecturer)
    AND (NOT @followed::boolean OR EXISTS (SELECT 1 FROM datamanagement.bff_subscription f WHERE f.account_id = @account
        AND (f.kind, f.target_id) IN (('webinar', w.webinar_id), ('category', w.category_id), ('lecturer', w.lecturer_id))))
    AND (w.starts_at, w.webinar_id) > (@after::timestamptz, @after_id::uuid)
ORDER BY w.starts_at, w.webinar_id LIMIT @most;

-- name: WebinarsPast :many
SELECT sqlc.embed(w), EXISTS (SELECT 1 FROM datamanagement.bff_subscription s
    WHERE s.account_id = @account::uuid AND s.kind = 'webinar' AND s.target_id = w.webinar_id)::boolean AS subscribed
FROM datamanagement.bff_webinar w
WHERE w.state = 'ended'
    AND (@category::text = '' OR w.category_slug = @category) AND (@lecturer::text = '' OR w.lecturer_slug = @lecturer)
    AND (NOT @followed::boolean OR EXISTS (SELECT 1 FROM datamanagement.bff_subscription f WHERE f.account_id = @account
        AND (f.kind, f.target_id) IN (('webinar', w.webinar_id), ('category', w.category_id), ('lecturer', w.lecturer_id))))
    AND (w.starts_at, w.webinar_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY w.starts_at DESC, w.webinar_id DESC LIMIT @most;

-- name: WebinarPage :one
SELECT sqlc.embed(w), sqlc.embed(p) FROM datamanagement.bff_webinar w JOIN datamanagement.bff_webinar_page p USING (webinar_id)
WHERE w.slug = @slug;

-- name: WebinarPlan :one
SELECT sqlc.embed(w), sqlc.embed(p) FROM datamanagement.bff_webinar w JOIN datamanagement.bff_webinar_page p USING (webinar_id)
WHERE w.webinar_id = @webinar_id;

-- name: WebinarPlans :many
SELECT sqlc.embed(w), r.rule_name, r.rule_version, (q.evaluated_at IS NOT NULL)::boolean AS evaluated,
    EXISTS (SELECT 1 FROM datamanagement.bff_result d WHERE d.webinar_id = w.webinar_id AND d.qualified)::boolean AS deserved,
    coalesce((SELECT a.state FROM datamanagement.bff_agency_request a WHERE a.webinar_id = w.webinar_id ORDER BY a.requested_at DESC LIMIT 1),
        '')::text AS request_state,
    (SELECT count(*) FROM datamanagement.bff_subscription f
    WHERE f.kind = 'webinar' AND f.target_id = w.webinar_id)::integer AS subscribers
FROM datamanagement.bff_webinar w JOIN datamanagement.bff_webinar_page r USING (webinar_id) JOIN datamanagement.bff_points_webinar q USING (webinar_id)
WHERE (@state::text = '' OR w.state = @state) AND (w.starts_at, w.webinar_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY w.starts_at DESC, w.webinar_id DESC LIMIT @most;

-- name: Followers :one
SELECT count(DISTINCT f.account_id)::integer FROM datamanagement.bff_subscription f
WHERE (f.kind, f.target_id) IN (('webinar', @webinar::uuid), ('category', @category::uuid), ('lecturer', @lecturer::uuid));

-- name: Follows :many
SELECT kind, target_id FROM datamanagement.bff_subscription
WHERE account_id = @account AND target_id = ANY (@targets::uuid[]);

-- name: LecturerBySlug :one
SELECT lecturer_id, slug, name, title, bio FROM datamanagement.bff_lecturer WHERE slug = @slug;

-- name: CategoryBySlug :one
SELECT category_id, slug, name_en, name_sl, position FROM datamanagement.bff_category WHERE slug = @slug;

-- name: Subscriptions :many
SELECT kind, target_id, created_at, slug, name_en, name_sl, starts_at FROM datamanagement.bff_subscription
WHERE account_id = @account AND (created_at, target_id) < (@before::timestamptz, @before_id::uuid)
ORDER BY created_at DESC, target_id DESC LIMIT @most;

-- name: CreditRules :many
SELECT credit_rule_id, name, version, rule FROM datamanagement.bff_credit_rule ORDER BY name LIMIT 200;

-- name: CreditRuleVersions :many
SELECT v.credit_rule_id, v.name, v.version, v.rule, v.created_at, v.saved_by, v.webinars FROM datamanagement.bff_credit_rule_version v
WHERE v.name = (SELECT o.name FROM datamanagement.bff_credit_rule_version o WHERE o.credit_rule_id = @credit_rule_id)
ORDER BY v.version DESC LIMIT 200;

-- name: CreditRuleEffects :many
SELECT credit_rule_id, webinar_id, slug, title, started_at, frozen_version, people, gained, lost, passed_before, passed_after, hundredths_before,
    hundredths_after
FROM datamanagement.bff_credit_rule_effect WHERE credit_rule_id = ANY (@rules::uuid[]) ORDER BY started_at DESC, webinar_id;

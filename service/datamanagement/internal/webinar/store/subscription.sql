-- name: SubscriptionTarget :one
SELECT (CASE @kind::text
    WHEN 'webinar' THEN EXISTS (SELECT 1 FROM datamanagement.webinar w WHERE w.id = @target_id AND w.state <> 'cancelled')
    WHEN 'category' THEN EXISTS (SELECT 1 FROM datamanagement.category c WHERE c.id = @target_id)
    ELSE EXISTS (SELECT 1 FROM datamanagement.lecturer l WHERE l.id = @target_id) END)::boolean;

-- name: SubscriptionInsert :execrows
INSERT INTO datamanagement.subscription (account_id, kind, target_id, created_at)
SELECT @account_id, @kind, @target_id, @now
WHERE (SELECT count(*) FROM datamanagement.subscription s WHERE s.account_id = @account_id) < @most::integer
ON CONFLICT DO NOTHING;

-- name: SubscriptionCount :one
SELECT count(*) FROM datamanagement.subscription WHERE account_id = @account_id;

-- name: SubscriptionDelete :execrows
DELETE FROM datamanagement.subscription WHERE account_id = @account_id AND kind = @kind AND target_id = @target_id;

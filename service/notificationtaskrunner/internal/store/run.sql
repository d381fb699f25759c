-- name: RunBegin :execrows
INSERT INTO notificationtaskrunner.run (id, kind, subject, person, sequence, amount, data, expires_at, trace, began_at, again_at)
VALUES (@id, @kind, @subject, @person, @sequence, @amount, @data, @expires_at, @trace, @now, @again_at)
ON CONFLICT (id) DO NOTHING;

-- name: RunTake :one
-- The oldest run that nobody works on; the lock lasts as long as the transaction of its next page.
SELECT id, kind, subject, person, sequence, amount, data, expires_at, trace, last_person, told, failures
FROM notificationtaskrunner.run WHERE ended_at IS NULL AND (again_at IS NULL OR again_at <= @now) ORDER BY began_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: RunPutOff :exec
UPDATE notificationtaskrunner.run SET failures = failures + 1, again_at = @again_at WHERE id = @id;

-- name: RunMove :exec
UPDATE notificationtaskrunner.run SET last_person = @last_person, told = told + @told WHERE id = @id;

-- name: RunEnd :exec
UPDATE notificationtaskrunner.run SET ended_at = @now, ending = @ending WHERE id = @id;

-- name: PersonOf :many
SELECT account_id, email, name, language, zone FROM datamanagement.notificationtaskrunner_account
WHERE account_id = @account_id AND account_id > @after;

-- name: SubscribersOfWebinar :many
-- Each once, however many of their subscriptions fit. Each kind gives a page of its own, so that the last page of a webinar that 70,000
-- people follow costs no more than the first, and one that ten follow does not read what everybody follows.
SELECT a.account_id, a.email, a.name, a.language, a.zone
FROM datamanagement.notificationtaskrunner_account a
WHERE a.account_id IN (
    SELECT told.account_id FROM (
        (SELECT s.account_id FROM datamanagement.notificationtaskrunner_subscription s
        WHERE s.kind = 'webinar' AND s.target_id = @webinar_id::uuid AND s.account_id > @after::uuid ORDER BY s.account_id LIMIT @most::integer)
        UNION
        (SELECT s.account_id FROM datamanagement.notificationtaskrunner_subscription s
        WHERE s.kind = 'category' AND s.target_id = @category_id::uuid AND s.account_id > @after::uuid ORDER BY s.account_id LIMIT @most::integer)
        UNION
        (SELECT s.account_id FROM datamanagement.notificationtaskrunner_subscription s
        WHERE s.kind = 'lecturer' AND s.target_id = @lecturer_id::uuid AND s.account_id > @after::uuid ORDER BY s.account_id LIMIT @most::integer)
    ) AS told ORDER BY told.account_id LIMIT @most::integer
)
ORDER BY a.account_id;

-- name: SubscribersOfCategory :many
SELECT a.account_id, a.email, a.name, a.language, a.zone
FROM datamanagement.notificationtaskrunner_subscription s
JOIN datamanagement.notificationtaskrunner_account a ON a.account_id = s.account_id
WHERE s.account_id > @after AND s.kind = 'category' AND s.target_id = @category_id
ORDER BY a.account_id
LIMIT @most;

-- name: Webinar :one
SELECT slug, title, state, starts_at, minutes, sequence, hundredths, cancel_reason, category_id, lecturer_id, lecturer
FROM datamanagement.notificationtaskrunner_webinar WHERE webinar_id = @webinar_id;

-- name: Article :one
SELECT slug, title, summary, category_id, state FROM datamanagement.notificationtaskrunner_article
WHERE article_id = @article_id;

-- name: Comment :one
SELECT article_id, account_id, parent_id, hidden_at FROM datamanagement.notificationtaskrunner_comment
WHERE comment_id = @comment_id;

-- name: Application :one
SELECT account_id, state, reason FROM datamanagement.notificationtaskrunner_application
WHERE application_id = @application_id;

-- name: Appeal :one
SELECT account_id, webinar_id, answer, hundredths FROM datamanagement.notificationtaskrunner_appeal WHERE appeal_id = @appeal_id;

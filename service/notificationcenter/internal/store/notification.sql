-- name: NotificationAdd :execrows
INSERT INTO notificationcenter.notification (id, account_id, kind, text, path, created_at)
VALUES (@id, @account_id, @kind, @text, @path, @now)
ON CONFLICT (id) DO NOTHING;

-- name: NotificationSee :execrows
UPDATE notificationcenter.notification SET seen_at = @now
WHERE account_id = @account_id AND seen_at IS NULL AND (cardinality(@ids::uuid[]) = 0 OR id = ANY (@ids::uuid[]));

-- name: NotificationUnseen :one
SELECT count(*) FROM notificationcenter.notification WHERE account_id = @account_id AND seen_at IS NULL;

-- name: NotificationUnseenOf :many
SELECT a.account_id::uuid AS account_id, least((
    SELECT count(*) FROM notificationcenter.notification n WHERE n.account_id = a.account_id AND n.seen_at IS NULL), 1000000)::integer AS unseen
FROM (SELECT unnest(@account_ids::uuid[]) AS account_id) a;

-- name: MailAdd :exec
INSERT INTO notificationcenter.mail (id, recipient, subject, body_text, body_html, at)
VALUES (@id, @recipient, @subject, @body_text, @body_html, @now)
ON CONFLICT (id) DO NOTHING;

-- name: MailList :many
SELECT id, recipient, subject, at FROM notificationcenter.mail
WHERE (@recipient::text = '' OR recipient ILIKE '%' || @recipient || '%') AND (at, id) < (@before_at::timestamptz, @before_id::uuid)
ORDER BY at DESC, id DESC
LIMIT @most;

-- name: MailGet :one
SELECT id, recipient, subject, body_text, body_html, at FROM notificationcenter.mail WHERE id = @id;

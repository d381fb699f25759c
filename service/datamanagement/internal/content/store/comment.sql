-- name: ArticlePublished :one
SELECT EXISTS (SELECT 1 FROM datamanagement.article WHERE id = @id AND state = 'published');

-- name: CommentParent :one
SELECT coalesce(thread_id, id)::uuid AS thread_id FROM datamanagement.comment
WHERE id = @id AND article_id = @article_id AND hidden_at IS NULL;

-- name: RepliesSince :one
SELECT count(*) FROM datamanagement.comment WHERE account_id = @account_id AND parent_id IS NOT NULL AND created_at > @since;

-- name: CommentInsert :exec
INSERT INTO datamanagement.comment (id, article_id, account_id, parent_id, thread_id, body, created_at)
VALUES (@id, @article_id, @account_id, sqlc.narg(parent_id), sqlc.narg(thread_id), @body, @now);

-- name: CommentLock :one
SELECT article_id, account_id, created_at, hidden_at FROM datamanagement.comment WHERE id = @id FOR UPDATE;

-- name: CommentEdit :exec
UPDATE datamanagement.comment SET body = @body, edited_at = @now::timestamptz WHERE id = @id;

-- name: CommentHide :exec
UPDATE datamanagement.comment SET hidden_at = @now::timestamptz, hidden_by = @hidden_by::uuid, hidden_reason = @hidden_reason WHERE id = @id;

-- name: ReportInsert :exec
INSERT INTO datamanagement.comment_report (comment_id, account_id, reason, at) VALUES (@comment_id, @account_id, @reason, @now)
ON CONFLICT (comment_id, account_id) DO NOTHING;

-- name: ReportsSettle :execrows
UPDATE datamanagement.comment_report SET settled_at = @now::timestamptz, settled_by = @settled_by::uuid
WHERE comment_id = @comment_id AND settled_at IS NULL;

-- Answers of one person are counted, because each writes to somebody.

-- +goose Up
CREATE INDEX comment_replies ON datamanagement.comment (account_id, created_at) WHERE parent_id IS NOT NULL;

-- +goose Down
DROP INDEX datamanagement.comment_replies;

-- A live webinar is called off by a saga: the wish is noted first. A wish without a reason was given up.

-- +goose Up
ALTER TABLE datamanagement.webinar ADD COLUMN cancel_asked_at timestamptz;

-- +goose Down
ALTER TABLE datamanagement.webinar DROP COLUMN cancel_asked_at;

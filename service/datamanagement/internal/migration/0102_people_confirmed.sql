-- The queue of reviewers is looked at all day; what waits is few among all that was ever decided.

-- +goose Up
CREATE INDEX application_waiting_since ON datamanagement.application (submitted_at, id) WHERE state = 'waiting';

-- +goose Down
DROP INDEX datamanagement.application_waiting_since;

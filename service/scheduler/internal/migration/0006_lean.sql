-- Each timer that fires was written into this index, and once a day old ones were found by it: there are few, and they are found without.

-- +goose Up
DROP INDEX scheduler.timer_over;

-- +goose Down
CREATE INDEX timer_over ON scheduler.timer (due_at) WHERE state <> 'waiting';

-- A timer is written twice, when it is claimed and when it is done. With room left on its page the first write touches no index.

-- +goose Up
ALTER TABLE scheduler.timer SET (fillfactor = 50);

-- +goose Down
ALTER TABLE scheduler.timer RESET (fillfactor);

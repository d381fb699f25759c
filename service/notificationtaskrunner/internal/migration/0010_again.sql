-- A run that fails is tried again later, and holds up no other meanwhile.

-- +goose Up
ALTER TABLE notificationtaskrunner.run
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN again_at timestamptz;

-- +goose Down
ALTER TABLE notificationtaskrunner.run DROP COLUMN again_at, DROP COLUMN failures;

-- Only the daily clearing up asks by time, and rows come in its order: an index of a few pages does, which no message has to write.

-- +goose Up
DROP INDEX notificationcenter.notification_created, notificationcenter.delivery_at;
CREATE INDEX notification_created ON notificationcenter.notification USING brin (created_at);
CREATE INDEX delivery_at ON notificationcenter.delivery USING brin (at);

-- +goose Down
DROP INDEX notificationcenter.notification_created, notificationcenter.delivery_at;
CREATE INDEX notification_created ON notificationcenter.notification (created_at);
CREATE INDEX delivery_at ON notificationcenter.delivery (at);

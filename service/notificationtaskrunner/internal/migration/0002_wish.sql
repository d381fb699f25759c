-- What an event said beside what it is about, and articles that wait for the digest of those who want one.

-- +goose Up
ALTER TABLE notificationtaskrunner.run ADD COLUMN data jsonb NOT NULL DEFAULT '{}';

-- Gone in the transaction that puts the digest, so that each article is in one digest of each person at most.
CREATE TABLE notificationtaskrunner.digest_item (
    account_id  uuid        NOT NULL,
    article_id  uuid        NOT NULL,
    gathered_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, article_id)
);
GRANT SELECT, INSERT, DELETE ON notificationtaskrunner.digest_item TO rounds_notificationtaskrunner;

-- +goose Down
DROP TABLE notificationtaskrunner.digest_item;
ALTER TABLE notificationtaskrunner.run DROP COLUMN data;

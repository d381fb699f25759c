-- The runner of notifications reads those who follow something page by page. As a join, each page would read all accounts from the first
-- on; as a question about each row, it reads as many as the page has.

-- +goose Up
CREATE OR REPLACE VIEW datamanagement.notificationtaskrunner_subscription AS
    SELECT s.account_id, s.kind, s.target_id FROM datamanagement.subscription s
    WHERE (SELECT a.state FROM datamanagement.account a WHERE a.id = s.account_id) = 'approved';

-- +goose Down
CREATE OR REPLACE VIEW datamanagement.notificationtaskrunner_subscription AS
    SELECT s.account_id, s.kind, s.target_id FROM datamanagement.subscription s
    JOIN datamanagement.account a ON a.id = s.account_id AND a.state = 'approved';

-- Whose webinar it is: the account of its lecturer, where there is one.

-- +goose Up
CREATE VIEW datamanagement.bff_host AS
    SELECT w.id AS webinar_id, l.account_id FROM datamanagement.webinar w JOIN datamanagement.lecturer l ON l.id = w.lecturer_id
    WHERE l.account_id IS NOT NULL;
GRANT SELECT ON datamanagement.bff_host TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_host;

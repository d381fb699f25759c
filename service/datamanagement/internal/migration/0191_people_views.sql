-- What the BFF shows of people: oneself, and the applications to reviewers. No password, no document.

-- +goose Up
CREATE VIEW datamanagement.bff_account AS
    SELECT a.id AS account_id, a.email, a.name, a.profession, a.speciality, a.licence_number, a.country, a.language, a.zone, a.state,
           a.roles, a.created_at, a.email_confirmed_at
    FROM datamanagement.account a WHERE a.state <> 'closed';

-- Only of people who showed that the address is theirs; others are not ready to be looked at.
CREATE VIEW datamanagement.bff_application AS
    SELECT p.id AS application_id, p.account_id, a.name, a.email, a.profession, a.speciality, a.licence_number, a.country, p.state,
           p.submitted_at, p.file_name, p.media_type, p.size, p.registry_state, p.registry_answer, p.registry_flags, p.decided_at,
           coalesce(r.name, '') AS reviewer_name, p.reason, (a.email_confirmed_at IS NOT NULL)::boolean AS email_confirmed
    FROM datamanagement.application p
    JOIN datamanagement.account a ON a.id = p.account_id
    LEFT JOIN datamanagement.account r ON r.id = p.reviewer_id;

GRANT SELECT ON datamanagement.bff_account, datamanagement.bff_application TO rounds_bff;

-- +goose Down
DROP VIEW datamanagement.bff_application;
DROP VIEW datamanagement.bff_account;

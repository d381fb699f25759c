-- name: WebinarsNamed :many
SELECT webinar_id, title, slug FROM datamanagement.bff_webinar WHERE webinar_id = ANY (@ids::uuid[]);

-- name: AccountsNamed :many
SELECT account_id, name FROM datamanagement.bff_account WHERE account_id = ANY (@ids::uuid[]);

-- name: WebinarTitles :many
SELECT webinar_id, title, starts_at FROM datamanagement.bff_webinar_title
WHERE webinar_id = ANY(@webinar_ids::uuid[]);

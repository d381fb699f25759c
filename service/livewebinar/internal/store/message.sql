-- name: MessageKnown :many
SELECT account_id, id, sequence FROM livewebinar.message
WHERE webinar_id = @webinar_id AND id = ANY (@ids::uuid[]);

-- name: MessageAdd :exec
INSERT INTO livewebinar.message (webinar_id, sequence, id, account_id, name, host, body, sent_at)
SELECT @webinar_id, unnest(@sequences::integer[]), unnest(@ids::uuid[]), unnest(@account_ids::uuid[]), unnest(@names::text[]),
       unnest(@hosts::boolean[]), unnest(@bodies::text[]), unnest(@sent_ats::timestamptz[]);

-- name: MessageAfter :many
SELECT sequence, id, name, host, body, sent_at FROM livewebinar.message
WHERE webinar_id = @webinar_id AND sequence > @after ORDER BY sequence LIMIT @at_most;

-- name: MessageLatest :many
SELECT sequence, id, name, host, body, sent_at FROM livewebinar.message
WHERE webinar_id = @webinar_id AND sequence > @after ORDER BY sequence DESC LIMIT @at_most;

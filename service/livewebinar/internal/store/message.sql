-- name: MessageKnown :many
SELECT account_id, id, sequence FROM livewebinar.message
WHERE webinar_id = @webinar_id AND id = ANY (@ids::uuid[]);

-- name: MessageAdd :exec
INSERT INTO livewebinar.message (webinar_id, sequence, id, account_id, name, host, body, sent_at, reply_to)
SELECT @webinar_id, unnest(@sequences::integer[]), unnest(@ids::uuid[]), unnest(@account_ids::uuid[]), unnest(@names::text[]),
       unnest(@hosts::boolean[]), unnest(@bodies::text[]), unnest(@sent_ats::timestamptz[]), nullif(unnest(@replies::integer[]), 0);

-- name: MessageAfter :many
SELECT m.sequence, m.id, m.account_id, m.name, m.host, m.body, m.sent_at, m.revision, m.reply_to, m.edited_at, m.deleted_by, m.reactions,
       q.name AS quoted_name, coalesce(left(q.body, 80), '')::text AS quoted_body
FROM livewebinar.message m
LEFT JOIN livewebinar.message q ON q.webinar_id = m.webinar_id AND q.sequence = m.reply_to
WHERE m.webinar_id = @webinar_id AND m.sequence > @after ORDER BY m.sequence LIMIT @at_most;

-- name: MessageLatest :many
SELECT m.sequence, m.id, m.account_id, m.name, m.host, m.body, m.sent_at, m.revision, m.reply_to, m.edited_at, m.deleted_by, m.reactions,
       q.name AS quoted_name, coalesce(left(q.body, 80), '')::text AS quoted_body
FROM livewebinar.message m
LEFT JOIN livewebinar.message q ON q.webinar_id = m.webinar_id AND q.sequence = m.reply_to
WHERE m.webinar_id = @webinar_id ORDER BY m.sequence DESC LIMIT @at_most;

-- name: MessageChanged :many
SELECT m.sequence, m.id, m.account_id, m.name, m.host, m.body, m.sent_at, m.revision, m.reply_to, m.edited_at, m.deleted_by, m.reactions,
       q.name AS quoted_name, coalesce(left(q.body, 80), '')::text AS quoted_body
FROM livewebinar.message m
LEFT JOIN livewebinar.message q ON q.webinar_id = m.webinar_id AND q.sequence = m.reply_to
WHERE m.webinar_id = @webinar_id AND m.revision > @after AND m.revision > 0 ORDER BY m.revision, m.sequence;

-- name: MessageGet :one
SELECT account_id, name, body, sent_at, deleted_by FROM livewebinar.message WHERE webinar_id = @webinar_id AND sequence = @sequence;

-- name: MessageKeep :exec
INSERT INTO livewebinar.message_version (webinar_id, sequence, body, replaced_at, replaced_by, revision)
SELECT m.webinar_id, m.sequence, m.body, @now, @account_id, @revision::integer FROM livewebinar.message m
WHERE m.webinar_id = @webinar_id AND m.sequence = @sequence;

-- name: MessageEdit :exec
UPDATE livewebinar.message SET body = @body, edited_at = @now::timestamptz, revision = @revision
WHERE webinar_id = @webinar_id AND sequence = @sequence;

-- name: MessageDelete :exec
UPDATE livewebinar.message SET body = '', deleted_by = @deleted_by, deleted_reason = @reason, revision = @revision
WHERE webinar_id = @webinar_id AND sequence = @sequence;

-- The answers to a message quote it, so they change with it. Only the newest, because all of them go into one frame.
-- name: MessageQuotes :exec
UPDATE livewebinar.message m SET revision = @revision
WHERE m.webinar_id = @webinar_id AND m.sequence IN (
    SELECT r.sequence FROM livewebinar.message r
    WHERE r.webinar_id = @webinar_id AND r.reply_to = @sequence::integer ORDER BY r.sequence DESC LIMIT 30);

-- name: ReactionAdd :exec
INSERT INTO livewebinar.reaction (webinar_id, sequence, account_id, kind)
SELECT @webinar_id, unnest(@sequences::integer[]), unnest(@account_ids::uuid[]), unnest(@kinds::text[])
ON CONFLICT DO NOTHING;

-- name: ReactionRemove :exec
DELETE FROM livewebinar.reaction r
USING (SELECT unnest(@sequences::integer[]) AS sequence, unnest(@account_ids::uuid[]) AS account_id, unnest(@kinds::text[]) AS kind) AS n
WHERE r.webinar_id = @webinar_id AND r.sequence = n.sequence AND r.account_id = n.account_id AND r.kind = n.kind;

-- name: MessageReacted :exec
UPDATE livewebinar.message SET dirty = true WHERE webinar_id = @webinar_id AND sequence = ANY (@sequences::integer[]);

-- name: MessageLiving :many
SELECT sequence FROM livewebinar.message
WHERE webinar_id = @webinar_id AND sequence = ANY (@sequences::integer[]) AND deleted_by = '';

-- name: MessageCount :execrows
UPDATE livewebinar.message m SET dirty = false, revision = @revision, reactions = (
    SELECT ARRAY[count(*) FILTER (WHERE r.kind = 'agree'), count(*) FILTER (WHERE r.kind = 'thanks'),
                 count(*) FILTER (WHERE r.kind = 'applause'), count(*) FILTER (WHERE r.kind = 'funny'),
                 count(*) FILTER (WHERE r.kind = 'unsure')]::integer[]
    FROM livewebinar.reaction r WHERE r.webinar_id = m.webinar_id AND r.sequence = m.sequence)
WHERE m.webinar_id = @webinar_id AND m.sequence IN (
    SELECT d.sequence FROM livewebinar.message d WHERE d.webinar_id = @webinar_id AND d.dirty ORDER BY d.sequence LIMIT @at_most);

-- name: MessageLatestOf :one
SELECT id, sent_at FROM livewebinar.message WHERE webinar_id = @webinar_id AND account_id = @account_id ORDER BY sequence DESC LIMIT 1;

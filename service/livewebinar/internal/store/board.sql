-- name: BoardMake :exec
INSERT INTO livewebinar.board (webinar_id) VALUES (@webinar_id) ON CONFLICT DO NOTHING;

-- name: BoardLock :one
SELECT revision, dirty FROM livewebinar.board WHERE webinar_id = @webinar_id FOR UPDATE;

-- name: BoardGet :one
SELECT revision, dirty, announcement, announced_at, slow_seconds, chat_closed, settings_revision
FROM livewebinar.board WHERE webinar_id = @webinar_id;

-- name: BoardRevise :exec
UPDATE livewebinar.board SET revision = @revision WHERE webinar_id = @webinar_id;

-- name: BoardSoil :exec
UPDATE livewebinar.board SET dirty = @dirty WHERE webinar_id = @webinar_id;

-- name: BoardsMoved :many
SELECT w.id::uuid AS webinar_id, coalesce(b.revision, 0)::integer AS revision, coalesce(b.dirty, false)::boolean AS dirty,
       coalesce(r.last_sequence, 0)::integer AS last_sequence
FROM (SELECT unnest(@webinar_ids::uuid[]) AS id) w
LEFT JOIN livewebinar.board b ON b.webinar_id = w.id
LEFT JOIN livewebinar.room r ON r.webinar_id = w.id;

-- name: BoardAnnounce :exec
UPDATE livewebinar.board SET announcement = @announcement, announced_at = @announced_at, settings_revision = @revision
WHERE webinar_id = @webinar_id;

-- name: BoardChat :exec
UPDATE livewebinar.board SET slow_seconds = @slow_seconds, chat_closed = @chat_closed, settings_revision = @revision
WHERE webinar_id = @webinar_id;

-- name: NoteAdd :one
INSERT INTO livewebinar.note (webinar_id, number, id, account_id, name, body, sent_at, revision)
SELECT @webinar_id, coalesce(max(n.number), 0) + 1, @id, @account_id, @name, @body, @now, @revision
FROM livewebinar.note n WHERE n.webinar_id = @webinar_id
RETURNING number;

-- name: NoteKnown :one
SELECT number FROM livewebinar.note WHERE webinar_id = @webinar_id AND account_id = @account_id AND id = @id;

-- name: NoteChanged :many
SELECT number, id, name, body, sent_at, revision FROM livewebinar.note
WHERE webinar_id = @webinar_id AND revision > @after ORDER BY revision, number;

-- Hands are raised by many at once, so they are written many at a time; raising it again does not lose the place.
-- name: HandRaise :execrows
INSERT INTO livewebinar.hand AS h (webinar_id, account_id, name, raised_at, dirty)
SELECT @webinar_id, unnest(@account_ids::uuid[]), unnest(@names::text[]), unnest(@raised_ats::timestamptz[]), true
ON CONFLICT (webinar_id, account_id) DO UPDATE SET raised_at = excluded.raised_at, dirty = true, name = excluded.name
WHERE h.raised_at IS NULL;

-- name: HandLower :execrows
UPDATE livewebinar.hand SET raised_at = NULL, dirty = true
WHERE webinar_id = @webinar_id AND account_id = ANY (@account_ids::uuid[]) AND raised_at IS NOT NULL;

-- name: HandCount :execrows
UPDATE livewebinar.hand h SET dirty = false, revision = @revision
WHERE h.webinar_id = @webinar_id AND h.account_id IN (
    SELECT d.account_id FROM livewebinar.hand d WHERE d.webinar_id = @webinar_id AND d.dirty ORDER BY d.raised_at LIMIT @at_most);

-- name: HandChanged :many
SELECT account_id, name, raised_at, revision FROM livewebinar.hand
WHERE webinar_id = @webinar_id AND revision > @after ORDER BY revision, raised_at;

-- name: SanctionSet :exec
INSERT INTO livewebinar.sanction (webinar_id, account_id, name, kind, reason, by_name, at, until, revision)
VALUES (@webinar_id, @account_id, @name, @kind, @reason, @by_name, @now, sqlc.narg(until), @revision)
ON CONFLICT (webinar_id, account_id) DO UPDATE
SET name = excluded.name, kind = excluded.kind, reason = excluded.reason, by_name = excluded.by_name, at = excluded.at,
    until = excluded.until, revision = excluded.revision;

-- name: SanctionLog :exec
INSERT INTO livewebinar.sanction_log (webinar_id, revision, account_id, kind, reason, by_id, at, until)
VALUES (@webinar_id, @revision, @account_id, @kind, @reason, @by_id, @now, sqlc.narg(until));

-- What held for a person before the latest removals, with the name of who decided it.
-- name: SanctionBefore :one
SELECT l.kind, l.reason, l.by_id, coalesce(p.name, '')::text AS by_name, l.until
FROM livewebinar.sanction_log l LEFT JOIN datamanagement.livewebinar_account p ON p.account_id = l.by_id
WHERE l.webinar_id = @webinar_id AND l.account_id = @account_id AND l.kind <> 'removed'
ORDER BY l.number DESC LIMIT 1;

-- name: SanctionChanged :many
SELECT account_id, name, kind, reason, by_name, at, until, revision FROM livewebinar.sanction
WHERE webinar_id = @webinar_id AND revision > @after ORDER BY revision, account_id;

-- name: MineOfMany :many
-- What each of some accounts did on a board. Thousands come back in one moment, so it is asked for many.
SELECT a.account_id,
    ARRAY(SELECT v.number FROM livewebinar.question_vote v
          WHERE v.webinar_id = @webinar_id AND v.account_id = a.account_id ORDER BY v.number)::integer[] AS voted,
    ARRAY(SELECT q.number FROM livewebinar.question q
          WHERE q.webinar_id = @webinar_id AND q.account_id = a.account_id ORDER BY q.number)::integer[] AS asked,
    ARRAY(SELECT m.sequence FROM livewebinar.message m
          WHERE m.webinar_id = @webinar_id AND m.account_id = a.account_id AND m.sent_at > @since AND m.deleted_by = ''
          ORDER BY m.sequence DESC LIMIT 200)::integer[] AS messages,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('number', p.number, 'options', p.options) ORDER BY p.number), '[]')
     FROM livewebinar.poll_answer p WHERE p.webinar_id = @webinar_id AND p.account_id = a.account_id)::jsonb AS answers,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('sequence', r.sequence, 'kind', r.kind) ORDER BY r.sequence, r.kind), '[]')
     FROM (SELECT e.sequence, e.kind FROM livewebinar.reaction e
           WHERE e.webinar_id = @webinar_id AND e.account_id = a.account_id ORDER BY e.sequence DESC LIMIT 500) r)::jsonb AS reactions,
    EXISTS (SELECT FROM livewebinar.hand h
            WHERE h.webinar_id = @webinar_id AND h.account_id = a.account_id AND h.raised_at IS NOT NULL) AS hand,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'number', n.number, 'reason', n.reason, 'body', n.body) ORDER BY n.kind, n.number), '[]')
     FROM (SELECT 'message_deleted' AS kind, d.sequence AS number, d.deleted_reason AS reason, '' AS body FROM livewebinar.message d
           WHERE d.webinar_id = @webinar_id AND d.account_id = a.account_id AND d.deleted_by = 'host'
           UNION ALL
           SELECT 'question_' || t.state, t.number, t.reason, t.body FROM livewebinar.question t
           WHERE t.webinar_id = @webinar_id AND t.account_id = a.account_id AND t.state IN ('dismissed', 'merged')
           LIMIT 100) n)::jsonb AS notices,
    (SELECT jsonb_build_object('reason', s.reason, 'until', s.until) FROM livewebinar.sanction s
     WHERE s.webinar_id = @webinar_id AND s.account_id = a.account_id AND s.kind = 'muted')::jsonb AS muted
FROM (SELECT unnest(@account_ids::uuid[])::uuid AS account_id) a;

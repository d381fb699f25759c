-- name: PollKnown :one
SELECT number FROM livewebinar.poll WHERE webinar_id = @webinar_id AND account_id = @account_id AND id = @id;

-- name: PollAdd :one
INSERT INTO livewebinar.poll (webinar_id, number, id, account_id, question, options, multiple, revision)
SELECT @webinar_id, coalesce(max(p.number), 0) + 1, @id, @account_id, @question, @options::text[], @multiple, @revision
FROM livewebinar.poll p WHERE p.webinar_id = @webinar_id
RETURNING number;

-- name: PollGet :one
SELECT state, shared, options, multiple FROM livewebinar.poll WHERE webinar_id = @webinar_id AND number = @number;

-- name: PollStates :many
SELECT number, state, cardinality(options)::integer AS options, multiple FROM livewebinar.poll
WHERE webinar_id = @webinar_id AND number = ANY (@numbers::integer[]);

-- name: PollChange :exec
UPDATE livewebinar.poll SET question = @question, options = @options::text[], multiple = @multiple, revision = @revision
WHERE webinar_id = @webinar_id AND number = @number;

-- name: PollMove :exec
UPDATE livewebinar.poll SET state = @state, opened_at = coalesce(sqlc.narg(opened_at), opened_at),
       closed_at = coalesce(sqlc.narg(closed_at), closed_at), revision = @revision
WHERE webinar_id = @webinar_id AND number = @number;

-- name: PollShare :exec
UPDATE livewebinar.poll SET shared = @shared, revision = @revision WHERE webinar_id = @webinar_id AND number = @number;

-- name: PollAnswerSet :exec
INSERT INTO livewebinar.poll_answer (webinar_id, number, account_id, options)
SELECT @webinar_id, n.number, n.account_id, n.options::integer[]
FROM (SELECT unnest(@numbers::integer[]) AS number, unnest(@account_ids::uuid[]) AS account_id, unnest(@options::text[]) AS options) AS n
ON CONFLICT (webinar_id, number, account_id) DO UPDATE SET options = excluded.options;

-- name: PollSoil :exec
UPDATE livewebinar.poll SET dirty = true WHERE webinar_id = @webinar_id AND number = ANY (@numbers::integer[]);

-- name: PollCount :execrows
UPDATE livewebinar.poll p SET dirty = false, revision = @revision,
    voters = (SELECT count(*) FROM livewebinar.poll_answer a WHERE a.webinar_id = p.webinar_id AND a.number = p.number),
    counts = ARRAY(
        SELECT count(a.account_id)::integer FROM generate_series(0, cardinality(p.options) - 1) AS o
        LEFT JOIN livewebinar.poll_answer a ON a.webinar_id = p.webinar_id AND a.number = p.number AND o = ANY (a.options)
        GROUP BY o ORDER BY o)
WHERE p.webinar_id = @webinar_id AND p.dirty;

-- name: PollChanged :many
SELECT number, question, options, multiple, state, shared, counts, voters, opened_at, closed_at, revision FROM livewebinar.poll
WHERE webinar_id = @webinar_id AND revision > @after ORDER BY revision, number;

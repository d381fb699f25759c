-- name: QuestionKnown :one
SELECT number FROM livewebinar.question WHERE webinar_id = @webinar_id AND account_id = @account_id AND id = @id;

-- name: QuestionsOpenOf :one
SELECT count(*)::integer FROM livewebinar.question WHERE webinar_id = @webinar_id AND account_id = @account_id AND state = 'open';

-- name: QuestionAdd :one
INSERT INTO livewebinar.question (webinar_id, number, id, account_id, name, anonymous, body, asked_at, revision)
SELECT @webinar_id, coalesce(max(q.number), 0) + 1, @id, @account_id, @name, @anonymous, @body, @now, @revision
FROM livewebinar.question q WHERE q.webinar_id = @webinar_id
RETURNING number;

-- name: QuestionGet :one
SELECT account_id, name, state, merged_into FROM livewebinar.question WHERE webinar_id = @webinar_id AND number = @number;

-- name: QuestionStates :many
SELECT number, account_id, state FROM livewebinar.question WHERE webinar_id = @webinar_id AND number = ANY (@numbers::integer[]);

-- name: QuestionMove :exec
UPDATE livewebinar.question SET state = @state, reason = @reason, merged_into = sqlc.narg(merged_into), revision = @revision
WHERE webinar_id = @webinar_id AND number = @number;

-- name: QuestionAnswer :exec
UPDATE livewebinar.question SET state = 'answered', answer = @answer, answered_by = @answered_by, answered_at = @now::timestamptz,
       reason = '', revision = @revision
WHERE webinar_id = @webinar_id AND number = @number;

-- name: QuestionReopen :exec
UPDATE livewebinar.question SET state = 'open', answer = '', answered_by = '', answered_at = NULL, reason = '', merged_into = NULL,
       revision = @revision
WHERE webinar_id = @webinar_id AND number = @number;

-- name: QuestionTally :exec
UPDATE livewebinar.question q SET revision = @revision, votes = (
    SELECT count(*) FROM livewebinar.question_vote v WHERE v.webinar_id = q.webinar_id AND v.number = q.number)
WHERE q.webinar_id = @webinar_id AND q.number = @number;

-- name: QuestionCount :execrows
UPDATE livewebinar.question q SET dirty = false, revision = @revision, votes = (
    SELECT count(*) FROM livewebinar.question_vote v WHERE v.webinar_id = q.webinar_id AND v.number = q.number)
WHERE q.webinar_id = @webinar_id AND q.number IN (
    SELECT d.number FROM livewebinar.question d WHERE d.webinar_id = @webinar_id AND d.dirty ORDER BY d.number LIMIT @at_most);

-- name: QuestionSoil :exec
UPDATE livewebinar.question SET dirty = true WHERE webinar_id = @webinar_id AND number = ANY (@numbers::integer[]);

-- name: QuestionChanged :many
SELECT number, account_id, name, anonymous, body, votes, state, answer, answered_by, answered_at, merged_into, reason, asked_at, revision
FROM livewebinar.question WHERE webinar_id = @webinar_id AND revision > @after ORDER BY revision, number;

-- name: VoteAdd :exec
INSERT INTO livewebinar.question_vote (webinar_id, number, account_id)
SELECT @webinar_id, unnest(@numbers::integer[]), unnest(@account_ids::uuid[])
ON CONFLICT (webinar_id, number, account_id) DO UPDATE SET via = NULL;

-- name: VoteRemove :exec
DELETE FROM livewebinar.question_vote v
USING (SELECT unnest(@numbers::integer[]) AS number, unnest(@account_ids::uuid[]) AS account_id) AS n
WHERE v.webinar_id = @webinar_id AND v.number = n.number AND v.account_id = n.account_id;

-- Who voted for the one or asked it votes for the other; who did already, or asked that one, is not counted again.
-- name: VoteMerge :exec
INSERT INTO livewebinar.question_vote (webinar_id, number, account_id, via)
SELECT @webinar_id, @into_number, voter.account_id, @number::integer
FROM (SELECT v.account_id FROM livewebinar.question_vote v WHERE v.webinar_id = @webinar_id AND v.number = @number
      UNION SELECT q.account_id FROM livewebinar.question q WHERE q.webinar_id = @webinar_id AND q.number = @number) AS voter
WHERE voter.account_id <> (SELECT o.account_id FROM livewebinar.question o WHERE o.webinar_id = @webinar_id AND o.number = @into_number)
ON CONFLICT DO NOTHING;

-- name: VoteUnmerge :exec
DELETE FROM livewebinar.question_vote WHERE webinar_id = @webinar_id AND number = @into_number AND via = @number::integer;

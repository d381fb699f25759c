-- name: RoundBegin :exec
INSERT INTO datamanagement.licence_round (at) VALUES (@at) ON CONFLICT DO NOTHING;

-- What an older round would have said, the newest one says.
-- name: RoundsOvertake :exec
UPDATE datamanagement.licence_round SET done_at = @now::timestamptz
WHERE done_at IS NULL AND at < (SELECT max(newest.at) FROM datamanagement.licence_round newest);

-- name: RoundTake :one
SELECT at, after FROM datamanagement.licence_round WHERE done_at IS NULL ORDER BY at DESC LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: RoundMove :exec
UPDATE datamanagement.licence_round SET after = @after WHERE at = @at;

-- name: RoundDone :exec
UPDATE datamanagement.licence_round SET done_at = @now::timestamptz WHERE at = @at;

-- name: Plans :many
SELECT DISTINCT ON (country) country, plan FROM datamanagement.requirement_plan ORDER BY country, name;

-- name: Members :many
SELECT a.id, a.country, a.zone, a.created_at,
    (SELECT min(b.day) FROM datamanagement.booking b WHERE b.account_id = a.id)::date AS first_day
FROM datamanagement.account a
WHERE a.id > @after AND a.state = 'approved' ORDER BY a.id LIMIT @most;

-- name: Bookings :many
SELECT account_id, day, sum(hundredths)::integer AS hundredths FROM datamanagement.booking
WHERE account_id = ANY (@account_ids::uuid[]) GROUP BY account_id, day ORDER BY account_id, day;

-- name: NoticesAdd :many
INSERT INTO datamanagement.licence_notice (account_id, ends_on, days, hundredths, told_at)
SELECT n.account_id, n.ends_on, n.days, n.hundredths, @now::timestamptz
FROM (SELECT unnest(@account_ids::uuid[]) AS account_id, unnest(@ends_on::date[]) AS ends_on, unnest(@days::smallint[]) AS days,
             unnest(@hundredths::integer[]) AS hundredths) n
-- Who was told at a smaller distance is not told at a larger one afterwards, as when a clock is set back.
WHERE NOT EXISTS (SELECT FROM datamanagement.licence_notice o WHERE o.account_id = n.account_id AND o.ends_on = n.ends_on AND o.days <= n.days)
ON CONFLICT DO NOTHING
RETURNING account_id, ends_on;

-- name: ActivityAdd :exec
-- A batch at once. What was counted before (the same id) is left out of the rows and of every sum. Rows are added up in the
-- order of their keys, so that two batches never wait for each other in a circle.
WITH incoming AS (
    SELECT DISTINCT ON (u.id) u.id, u.kind, u.at, u.pseudonym, u.profession, u.country, u.webinar_id, u.article_id,
           u.category, u.minute, u.amount
    FROM (SELECT unnest(@ids::text[]) AS id, unnest(@kinds::smallint[]) AS kind, unnest(@ats::timestamptz[]) AS at,
                 unnest(@pseudonyms::text[]) AS pseudonym, unnest(@professions::text[]) AS profession,
                 unnest(@countries::text[]) AS country, unnest(@webinars::text[]) AS webinar_id,
                 unnest(@articles::text[]) AS article_id, unnest(@categories::text[]) AS category,
                 unnest(@minutes::integer[]) AS minute, unnest(@amounts::integer[]) AS amount) u
    ORDER BY u.id
), added AS (
    INSERT INTO statistics.activity (id, kind, at, pseudonym, profession, country, webinar_id, article_id, category, minute, amount)
    SELECT id, kind, at, pseudonym, profession, country, nullif(webinar_id, '')::uuid, nullif(article_id, '')::uuid, category,
           minute, amount
    FROM incoming
    ON CONFLICT (id) DO NOTHING
    RETURNING kind, at, pseudonym, webinar_id, minute
), hours AS (
    INSERT INTO statistics.hour AS h (at, kind, number)
    SELECT date_trunc('hour', a.at, 'UTC'), a.kind, count(*) FROM added a GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (at, kind) DO UPDATE SET number = h.number + excluded.number
), people AS (
    INSERT INTO statistics.person AS p (pseudonym, kind, number)
    SELECT a.pseudonym, a.kind, count(*) FROM added a GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (pseudonym, kind) DO UPDATE SET number = p.number + excluded.number
), visits AS (
    INSERT INTO statistics.visit AS v (webinar_id, pseudonym, first_at, minutes, answered, missed, messages)
    SELECT a.webinar_id, a.pseudonym, min(a.at), count(*) FILTER (WHERE a.kind = 6), count(*) FILTER (WHERE a.kind = 8),
           count(*) FILTER (WHERE a.kind = 9), count(*) FILTER (WHERE a.kind = 7)
    FROM added a WHERE a.webinar_id IS NOT NULL AND a.kind IN (4, 6, 7, 8, 9)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (webinar_id, pseudonym) DO UPDATE
    SET first_at = least(v.first_at, excluded.first_at), minutes = v.minutes + excluded.minutes,
        answered = v.answered + excluded.answered, missed = v.missed + excluded.missed, messages = v.messages + excluded.messages
)
INSERT INTO statistics.minute AS m (webinar_id, minute, people)
SELECT a.webinar_id, a.minute, count(*) FROM added a WHERE a.webinar_id IS NOT NULL AND a.kind = 6
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (webinar_id, minute) DO UPDATE SET people = m.people + excluded.people;

-- name: PersonKinds :many
SELECT kind, number FROM statistics.person WHERE pseudonym = @pseudonym;

-- name: PersonWebinars :one
SELECT count(*) FROM statistics.visit WHERE pseudonym = @pseudonym;

-- name: ActivityOver :many
SELECT date_trunc(@bucket::text, h.at, @zone::text)::timestamptz AS at, h.kind, sum(h.number)::bigint AS number
FROM statistics.hour h
WHERE h.at >= @from_at AND h.at < @to_at
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: Attendance :many
SELECT webinar_id, min(first_at)::timestamptz AS first_at, count(*) AS people, sum(minutes)::bigint AS minutes,
       sum(answered)::bigint AS answered, sum(missed)::bigint AS missed, sum(messages)::bigint AS messages
FROM statistics.visit
GROUP BY webinar_id
HAVING min(first_at) >= @from_at AND min(first_at) < @to_at
ORDER BY min(first_at) DESC, webinar_id
LIMIT @most;

-- name: VisitCount :one
SELECT count(*) FROM statistics.visit WHERE webinar_id = @webinar_id;

-- name: Minutes :many
SELECT minute, people FROM statistics.minute WHERE webinar_id = @webinar_id ORDER BY minute LIMIT 1440;

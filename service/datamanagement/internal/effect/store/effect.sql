-- name: Held :many
-- The last webinars that were held and evaluated under any version of a rule.
SELECT w.id, w.slug, w.title, w.started_at::timestamptz AS started_at, coalesce((w.frozen_rule ->> 'version')::integer, r.version)::integer AS frozen_version,
    (SELECT count(*) FROM datamanagement.attendance_result a WHERE a.webinar_id = w.id)::integer AS people
FROM datamanagement.webinar w JOIN datamanagement.credit_rule r ON r.id = w.credit_rule_id
WHERE r.name = @name AND w.state = 'ended' AND w.evaluated_at IS NOT NULL
ORDER BY w.started_at DESC, w.id DESC LIMIT @most;

-- name: Results :many
-- What was frozen of each person, and what they had earned on that day before it was evaluated: the rest of the daily cap was theirs.
SELECT r.account_id, p.name, r.evidence,
    (SELECT coalesce(sum(o.hundredths), 0) FROM datamanagement.attendance_result o JOIN datamanagement.webinar ow ON ow.id = o.webinar_id
     WHERE o.account_id = r.account_id AND o.webinar_id <> r.webinar_id AND o.at < r.at
        AND (ow.started_at AT TIME ZONE ow.zone)::date = (w.started_at AT TIME ZONE w.zone)::date)::bigint AS already
FROM datamanagement.attendance_result r
JOIN datamanagement.webinar w ON w.id = r.webinar_id
JOIN datamanagement.account p ON p.id = r.account_id
WHERE r.webinar_id = @webinar_id AND r.account_id > @after ORDER BY r.account_id LIMIT @most;

-- name: EffectInsert :exec
INSERT INTO datamanagement.credit_rule_effect (credit_rule_id, webinar_id, frozen_version, people, gained, lost, passed_before, passed_after,
    hundredths_before, hundredths_after)
VALUES (@credit_rule_id, @webinar_id, @frozen_version, @people, @gained, @lost, @passed_before, @passed_after, @hundredths_before, @hundredths_after);

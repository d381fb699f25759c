package verify

// ledger: what counts for the licence.
func ledger() []Invariant {
	return []Invariant{
		{
			Name: "ledger.accepted", Says: "Each booking belongs to a line of a request that the agency accepted",
			Mend:    "A booking that the agency knows nothing of: correct it by an appeal, which asks the agency first.",
			counted: `SELECT count(*) FROM datamanagement.booking`,
			// The lines of the list of a webinar are the results that qualified; a correction is a list of one.
			broken: `SELECT format('booking %s of account %s: request %s is %s', b.id, b.account_id, coalesce(b.request_id::text, 'none'), coalesce(q.state, 'not of this webinar'))
				FROM datamanagement.booking b LEFT JOIN datamanagement.agency_request q ON q.id = b.request_id AND q.webinar_id = b.webinar_id
				WHERE q.state IS DISTINCT FROM 'accepted' OR NOT CASE b.kind
					WHEN 'webinar' THEN q.appeal_id IS NULL AND EXISTS (SELECT FROM datamanagement.attendance_result r
						WHERE r.webinar_id = b.webinar_id AND r.account_id = b.account_id AND r.qualified)
					ELSE EXISTS (SELECT FROM datamanagement.appeal a WHERE a.id = q.appeal_id AND a.account_id = b.account_id) END`,
		},
		{
			Name: "ledger.complete", Says: "Whoever qualified is booked when the agency has accepted, once, and with what was computed",
			Mend:    "Answer and bookings are one transaction, so only a hand in the database does this. Restore the rows from a backup.",
			counted: `SELECT count(*) FROM datamanagement.agency_request WHERE state = 'accepted' AND appeal_id IS NULL`,
			broken: `SELECT format('webinar %s: account %s has %s booked %s times, computed %s', q.webinar_id, r.account_id, coalesce(sum(b.hundredths), 0), count(b.id), r.hundredths)
				FROM datamanagement.agency_request q JOIN datamanagement.attendance_result r USING (webinar_id)
				LEFT JOIN datamanagement.booking b ON b.webinar_id = r.webinar_id AND b.account_id = r.account_id AND b.kind = 'webinar'
				WHERE q.state = 'accepted' AND q.appeal_id IS NULL AND r.qualified AND r.hundredths > 0
				GROUP BY q.webinar_id, r.account_id, r.hundredths HAVING count(b.id) <> 1 OR sum(b.hundredths) <> r.hundredths`,
		},
		{
			Name: "ledger.corrections", Says: "A correction that the agency accepted is booked once, with what was granted",
			Mend:    "Answer and booking are one transaction, so only a hand in the database does this. Restore the rows from a backup.",
			counted: `SELECT count(*) FROM datamanagement.agency_request WHERE state = 'accepted' AND appeal_id IS NOT NULL`,
			broken: `SELECT format('appeal %s of account %s: %s booked %s times, granted %s', a.id, a.account_id, coalesce(sum(b.hundredths), 0), count(b.id), a.hundredths)
				FROM datamanagement.agency_request q JOIN datamanagement.appeal a ON a.id = q.appeal_id
				LEFT JOIN datamanagement.booking b ON b.request_id = q.id AND b.account_id = a.account_id AND b.kind = 'correction'
				WHERE q.state = 'accepted' GROUP BY a.id HAVING count(b.id) <> 1 OR sum(b.hundredths) <> a.hundredths`,
		},
	}
}

// requests: the way of points to the agency and back.
func requests() []Invariant {
	return []Invariant{
		{
			Name: "requests.followed", Says: "Each request for points has a saga, which has ended exactly when the agency has answered",
			Mend:    "Are the scheduler and data management running? The timeline of the saga in the backoffice (Sagas) says what it waits for; try it again there.",
			counted: `SELECT count(*) FROM datamanagement.agency_request`,
			broken: `SELECT format('request %s is %s, and its saga is %s', q.id, q.state, coalesce(r.status, 'missing')) FROM datamanagement.agency_request q
				JOIN LATERAL (SELECT max(at) AS at FROM eventlog.event e WHERE e.stream = 'webinar/' || q.webinar_id
					AND e.type IN ('points.requested', 'points.answered') AND e.payload->>'requestId' = q.id::text) last ON last.at < now() - @patience
				LEFT JOIN saga.run r ON r.name = 'points.request' AND r.id = q.id::text
				WHERE r.id IS NULL OR (r.status = 'completed') <> (q.state <> 'sent')`,
		},
		{
			Name: "requests.answered", Says: "What the agency answered is what was told, once",
			Mend:    "Tell the developers, with the events of the webinar. Row and event are one transaction, so only a hand in the database does this.",
			counted: `SELECT count(*) FROM datamanagement.agency_request WHERE state <> 'sent'`,
			broken: `SELECT format('request %s is %s, and was told as accepted %s times, as refused %s times', q.id, q.state, count(e.yes) FILTER (WHERE e.yes), count(e.yes) FILTER (WHERE NOT e.yes))
				FROM datamanagement.agency_request q LEFT JOIN (SELECT payload->>'requestId' AS id, coalesce((payload->>'accepted')::boolean, false) AS yes
					FROM eventlog.event WHERE type = 'points.answered') e ON e.id = q.id::text
				GROUP BY q.id HAVING count(e.yes) FILTER (WHERE e.yes) <> (q.state = 'accepted')::integer
					OR count(e.yes) FILTER (WHERE NOT e.yes) <> (q.state = 'refused')::integer`,
		},
	}
}

// licences: who was warned of the end of a year or a cycle.
func licences() []Invariant {
	return []Invariant{
		{
			Name: "licences.told", Says: "Each warning that a licence year ends was told once, and none was told that is not noted",
			Mend:    "Tell the developers, with the row in datamanagement.licence_notice. Note and event are one transaction, so only a hand in the database does this.",
			counted: `SELECT count(*) FROM datamanagement.licence_notice`,
			// The day is noted as a date, and told as its first moment in the zone that the member had then: it may lie 14 hours beside
			// that of UTC. No two ends of one member are that near.
			broken: `WITH told AS MATERIALIZED (SELECT (payload->>'accountId')::uuid AS account_id, (payload->>'endsAt')::timestamptz AT TIME ZONE 'UTC' AS ends_at,
					CASE WHEN (payload->>'days')::integer > 30 THEN 90 WHEN (payload->>'days')::integer > 7 THEN 30 ELSE 7 END AS days
				FROM eventlog.event WHERE type = 'licence.deadline')
				SELECT format('account %s, end on %s, %s days before: told %s times', n.account_id, n.ends_on, n.days, count(t.days))
				FROM datamanagement.licence_notice n LEFT JOIN told t ON t.account_id = n.account_id AND t.days = n.days
					AND t.ends_at BETWEEN n.ends_on - interval '14 hours' AND n.ends_on + interval '14 hours'
				GROUP BY n.account_id, n.ends_on, n.days HAVING count(t.days) <> 1
				UNION ALL
				SELECT format('account %s, end at %s, %s days before: told, and not noted', t.account_id, t.ends_at, t.days) FROM told t
				WHERE NOT EXISTS (SELECT FROM datamanagement.licence_notice n WHERE n.account_id = t.account_id AND n.days = t.days
					AND t.ends_at BETWEEN n.ends_on - interval '14 hours' AND n.ends_on + interval '14 hours')`,
		},
	}
}

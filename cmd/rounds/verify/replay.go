package verify

// replays: what the tables say is what the events add up to.
func replays() []Invariant {
	const events = "The events are what happened. Tell the developers, with the events of the stream and the row; nothing but a hand in the database does this."
	return []Invariant{
		{
			Name: "sagas.replay", Says: "What the table says of each saga is what its events say", Mend: events,
			counted: `SELECT count(*) FROM saga.run`,
			broken: `SELECT format('%s %s is %s, and its last event is %s', r.name, r.id, r.status, coalesce(e.type, 'missing')) FROM saga.run r
				LEFT JOIN LATERAL (SELECT type FROM eventlog.event e WHERE e.stream = 'saga/' || r.name || '/' || r.id ORDER BY version DESC LIMIT 1) e ON true
				WHERE e.type IS NULL OR (r.status = 'completed') <> (e.type = 'saga.completed') OR (r.status = 'cancelled') <> (e.type = 'saga.cancelled')`,
		},
		{
			Name: "webinars.state", Says: "A webinar is live, has ended or is called off exactly when its events say so",
			Mend:    "Look at its sagas in the backoffice; one that waits goes on by itself.",
			counted: `SELECT count(*) FROM datamanagement.webinar`,
			// Statuses change in the step before browsers are told, so some time is given; what was held elsewhere has no events.
			broken: `SELECT format('%s is %s, and its last event is %s', w.slug, w.state, e.type) FROM datamanagement.webinar w
				JOIN LATERAL (SELECT type, at FROM eventlog.event e WHERE e.stream = 'webinar/' || w.id
					AND type IN ('webinar.live', 'webinar.ended', 'webinar.cancelled', 'start.failed')
					ORDER BY version DESC LIMIT 1) e ON e.at < now() - @patience
				WHERE (e.type = 'webinar.ended' AND w.state <> 'ended') OR (e.type = 'webinar.live' AND w.state NOT IN ('live', 'ended', 'cancelled'))
					OR (e.type = 'webinar.cancelled' AND w.state <> 'cancelled')`,
		},
		{
			Name: "webinars.once", Says: "Each webinar went live once, ended once and was called off once at most",
			Mend:    "Tell the developers, with the events of the webinar; its viewers may have been told twice.",
			counted: `SELECT count(DISTINCT stream) FROM eventlog.event WHERE type IN ('webinar.live', 'webinar.ended', 'webinar.cancelled')`,
			// webinar.ended asks for the credit, and what asks is said again when no answer comes.
			broken: `SELECT format('%s: %s %s times', stream, type, count(*)) FROM eventlog.event
				WHERE type IN ('webinar.live', 'start.completed', 'end.completed', 'webinar.cancelled', 'cancel.completed')
				GROUP BY stream, type HAVING count(*) > 1`,
		},
		{
			Name: "webinars.plan", Says: "The time of a webinar that is not over is that of its last scheduling or move, and what the scheduler plans by",
			Mend:    "Move the webinar in the backoffice to the time that holds: row, event and plan agree again.",
			counted: `SELECT count(*) FROM scheduler.plan`,
			broken: `SELECT format('%s starts at %s, its last event says %s, the plan %s', w.slug, w.starts_at, e.at, p.starts_at) FROM datamanagement.webinar w
				JOIN LATERAL (SELECT (payload->>'startsAt')::timestamptz AS at FROM eventlog.event e WHERE e.stream = 'webinar/' || w.id
					AND type IN ('webinar.scheduled', 'webinar.moved') ORDER BY version DESC LIMIT 1) e ON true
				LEFT JOIN scheduler.plan p ON p.webinar_id = w.id
				WHERE w.state IN ('planned', 'live') AND (e.at IS DISTINCT FROM w.starts_at OR p.starts_at IS DISTINCT FROM w.starts_at)`,
		},
		{
			Name: "articles.state", Says: "An article is published exactly when its events say so", Mend: events,
			counted: `SELECT count(*) FROM datamanagement.article`,
			broken: `SELECT format('%s is %s, and its last event is %s', a.slug, a.state, e.type) FROM datamanagement.article a
				JOIN LATERAL (SELECT type FROM eventlog.event e WHERE e.stream = 'article/' || a.id AND type IN ('article.published', 'article.unpublished')
					ORDER BY version DESC LIMIT 1) e ON true
				WHERE (e.type = 'article.published') <> (a.state = 'published')`,
		},
		{
			Name: "ledger.replay", Says: "Each booking that was told is in the ledger, once and with the same points", Mend: events,
			counted: `SELECT count(*) FROM eventlog.event WHERE type = 'points.booked'`,
			broken: `SELECT format('booking %s: told %s times, %s hundredths, in the ledger %s', e.id, e.n, e.hundredths, b.hundredths) FROM (
				SELECT payload->>'bookingId' AS id, payload->>'accountId' AS account, coalesce((payload->>'hundredths')::integer, 0) AS hundredths, count(*) AS n
				FROM eventlog.event WHERE type = 'points.booked' GROUP BY 1, 2, 3) e
				LEFT JOIN datamanagement.booking b ON b.id = e.id::uuid AND b.account_id = e.account::uuid
				WHERE e.n <> 1 OR b.hundredths IS DISTINCT FROM e.hundredths`,
		},
	}
}

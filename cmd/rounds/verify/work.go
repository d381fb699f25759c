package verify

// events: the log is what everything else is computed from.
func events() []Invariant {
	return []Invariant{
		{
			Name: "events.gapless", Says: "The versions of each stream of events are 1, 2, 3 … without a gap",
			counted: `SELECT count(*) FROM eventlog.stream`,
			broken: `SELECT format('%s is at version %s and has %s events up to %s', s.stream, s.version, coalesce(e.n, 0), coalesce(e.last, 0))
				FROM eventlog.stream s LEFT JOIN (SELECT stream, count(*) AS n, max(version) AS last FROM eventlog.event GROUP BY stream) e USING (stream)
				WHERE s.version IS DISTINCT FROM e.n OR s.version IS DISTINCT FROM e.last`,
		},
		{
			Name: "events.order", Says: "Within a stream, later versions have later places in the log",
			counted: `SELECT count(*) FROM eventlog.event`,
			broken: `SELECT format('%s: version %s stands before version %s', stream, version, before) FROM (
				SELECT stream, version, lag(version) OVER w AS before, (xid, pos) < (lag(xid) OVER w, lag(pos) OVER w) AS wrong
				FROM eventlog.event WINDOW w AS (PARTITION BY stream ORDER BY version)) o WHERE wrong`,
		},
	}
}

// timers: what time asks for.
func timers() []Invariant {
	return []Invariant{
		{
			Name: "timers.fired", Says: "No timer is overdue",
			counted: `SELECT count(*) FROM scheduler.timer`,
			broken: `SELECT format('%s of webinar %s was due at %s (attempt %s) %s', kind, webinar_id, due_at, attempts, error) FROM scheduler.timer
				WHERE state = 'waiting' AND due_at < now() - interval '1 minute' AND coalesce(lease_until, due_at) < now()`,
		},
		{
			Name: "timers.once", Says: "Each reminder was due once, and before the start of its webinar",
			counted: `SELECT count(*) FROM eventlog.event WHERE type = 'reminder.due'`,
			broken: `SELECT format('%s, plan %s, %s s before: %s times, %s late', stream, payload->>'sequence', payload->>'lead', count(*),
					count(*) FILTER (WHERE at >= (payload->>'startsAt')::timestamptz))
				FROM eventlog.event WHERE type = 'reminder.due' GROUP BY stream, payload->>'sequence', payload->>'lead'
				HAVING count(*) > 1 OR bool_or(at >= (payload->>'startsAt')::timestamptz)`,
		},
		{
			Name: "timers.plan", Says: "A webinar that is planned has a timer for its start and one for its end, of its latest plan",
			counted: `SELECT count(*) FROM scheduler.plan WHERE NOT cancelled`,
			broken: `SELECT format('webinar %s, plan %s', p.webinar_id, p.sequence) FROM scheduler.plan p WHERE NOT p.cancelled
				AND 2 > (SELECT count(DISTINCT t.kind) FROM scheduler.timer t WHERE t.webinar_id = p.webinar_id AND t.sequence = p.sequence AND t.kind IN ('start', 'end'))`,
		},
	}
}

// sagas: work of several steps.
func sagas() []Invariant {
	return []Invariant{
		{
			Name: "sagas.alive", Says: "Each saga has ended, or somebody goes on with it in time",
			counted: `SELECT count(*) FROM saga.run`,
			broken: `SELECT format('%s %s is %s and was to go on at %s', name, id, status, wake_at) FROM saga.run
				WHERE status NOT IN ('completed', 'cancelled') AND wake_at < now() - interval '1 minute' AND lease_until < now() - interval '1 minute'`,
		},
		{
			Name: "sagas.replay", Says: "What the table says of each saga is what its events say",
			counted: `SELECT count(*) FROM saga.run`,
			broken: `SELECT format('%s %s is %s, and its last event is %s', r.name, r.id, r.status, coalesce(e.type, 'missing')) FROM saga.run r
				LEFT JOIN LATERAL (SELECT type FROM eventlog.event e WHERE e.stream = 'saga/' || r.name || '/' || r.id ORDER BY version DESC LIMIT 1) e ON true
				WHERE e.type IS NULL OR (r.status = 'completed') <> (e.type = 'saga.completed') OR (r.status = 'cancelled') <> (e.type = 'saga.cancelled')`,
		},
		{
			Name: "webinars.state", Says: "A webinar is live, or has ended, exactly when its events say so",
			counted: `SELECT count(*) FROM datamanagement.webinar`,
			// Statuses change in the step before browsers are told, so a minute is given; what was held elsewhere has no events.
			broken: `SELECT format('%s is %s, and its last event is %s', w.slug, w.state, e.type) FROM datamanagement.webinar w
				JOIN LATERAL (SELECT type, at FROM eventlog.event e WHERE e.stream = 'webinar/' || w.id AND type IN ('webinar.live', 'webinar.ended', 'start.failed')
					ORDER BY version DESC LIMIT 1) e ON e.at < now() - interval '1 minute'
				WHERE (e.type = 'webinar.ended' AND w.state <> 'ended') OR (e.type = 'webinar.live' AND w.state NOT IN ('live', 'ended'))`,
		},
	}
}

// queues: work that is handed on.
func queues() []Invariant {
	return []Invariant{
		{
			Name: "queues.flow", Says: "What waits in a queue is taken within a minute of being due",
			counted: `SELECT count(*) FROM queue.message`,
			broken: `SELECT format('%s: %s, the oldest due at %s %s', queue, count(*), min(visible_at), max(reason)) FROM queue.message
				WHERE NOT taken AND visible_at < now() - interval '1 minute' AND coalesce(expires_at > now(), true) GROUP BY queue`,
		},
		{
			Name: "queues.explained", Says: "Each message that was put aside has a reason",
			counted: `SELECT count(*) FROM queue.dead`,
			broken:  `SELECT format('%s: %s', queue, id) FROM queue.dead WHERE trim(reason) = ''`,
		},
	}
}

// figures: statistics count each thing once.
func figures() []Invariant {
	return []Invariant{
		{
			Name: "statistics.counted", Says: "The hourly figures are the sum of the activities",
			counted: `SELECT count(*) FROM statistics.activity`,
			broken: `SELECT format('kind %s: %s activities, %s counted', kind, a.n, h.n) FROM
				(SELECT kind, count(*) AS n FROM statistics.activity GROUP BY kind) a FULL JOIN
				(SELECT kind, sum(number) AS n FROM statistics.hour GROUP BY kind) h USING (kind) WHERE a.n IS DISTINCT FROM h.n`,
		},
	}
}

package verify

// events: the log is what everything else is computed from.
func events() []Invariant {
	const restore = "Nothing but a hand in the database does this. Stop all services, restore the last backup beside it, and compare the stream."
	return []Invariant{
		{
			Name: "events.gapless", Says: "The versions of each stream of events are 1, 2, 3 … without a gap", Mend: restore,
			counted: `SELECT count(*) FROM eventlog.stream`,
			broken: `SELECT format('%s is at version %s and has %s events up to %s', s.stream, s.version, coalesce(e.n, 0), coalesce(e.last, 0))
				FROM eventlog.stream s LEFT JOIN (SELECT stream, count(*) AS n, max(version) AS last FROM eventlog.event GROUP BY stream) e USING (stream)
				WHERE s.version IS DISTINCT FROM e.n OR s.version IS DISTINCT FROM e.last`,
		},
		{
			Name: "events.order", Says: "Within a stream, later versions have later places in the log", Mend: "After a restore into another cluster, run SELECT eventlog.restored() as administrator. " + restore,
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
			Mend:    "Is a scheduler running? Its log has the error of each attempt; it tries again by itself.",
			counted: `SELECT count(*) FROM scheduler.timer`,
			broken: `SELECT format('%s of webinar %s was due at %s (attempt %s) %s', kind, webinar_id, due_at, attempts, error) FROM scheduler.timer
				WHERE state = 'waiting' AND due_at < now() - @patience AND coalesce(lease_until, due_at) < now()`,
		},
		{
			Name: "timers.once", Says: "Each reminder, deadline and hour of the clock came due once, and no reminder after the start of its webinar",
			Mend:    "Tell the developers, with the events of the stream. People were told once in any case where notifications.once holds.",
			counted: `SELECT count(*) FROM eventlog.event WHERE type IN ('reminder.due', 'points.deadline', 'digest.due', 'licence.due', 'retention.due')`,
			broken: `SELECT format('%s %s %s: %s times, %s late', stream, type, what, count(*), count(*) FILTER (WHERE late)) FROM (
				SELECT stream, type, CASE stream WHEN 'time' THEN payload->>'at' ELSE payload::text END AS what,
					type = 'reminder.due' AND at >= (payload->>'startsAt')::timestamptz AS late FROM eventlog.event
				WHERE type IN ('reminder.due', 'points.deadline', 'digest.due', 'licence.due', 'retention.due')) due
				GROUP BY stream, type, what HAVING count(*) > 1 OR bool_or(late)`,
		},
		{
			Name: "timers.marked", Says: "A reminder that was told has a timer that has fired, and will not fire again",
			Mend:    "Tell the developers. To stop a second reminder: UPDATE scheduler.timer SET state = 'done' of the timer that is named.",
			counted: `SELECT count(*) FROM scheduler.timer WHERE kind = 'reminder' AND state = 'done'`,
			broken: `SELECT format('timer %s: reminder of webinar %s, plan %s, %s s before', t.id, t.webinar_id, t.sequence, t.lead) FROM scheduler.timer t
				JOIN eventlog.event e ON e.stream = 'webinar/' || t.webinar_id AND e.type = 'reminder.due'
					AND coalesce((e.payload->>'sequence')::integer, 0) = t.sequence AND coalesce((e.payload->>'lead')::integer, 0) = t.lead
				WHERE t.kind = 'reminder' AND t.state <> 'done'`,
		},
		{
			Name: "timers.plan", Says: "A webinar that is planned has a timer for its start and one for its end, of its latest plan",
			Mend:    "Move the webinar by a minute in the backoffice: its timers are made anew.",
			counted: `SELECT count(*) FROM scheduler.plan WHERE NOT cancelled`,
			// Timers of webinars that are long over are deleted.
			broken: `SELECT format('webinar %s, plan %s', p.webinar_id, p.sequence) FROM scheduler.plan p WHERE NOT p.cancelled
				AND NOT EXISTS (SELECT FROM scheduler.retention r WHERE r."table" = 'timer' AND p.starts_at < now() - make_interval(days => r.days - 1))
				AND 2 > (SELECT count(DISTINCT t.kind) FROM scheduler.timer t WHERE t.webinar_id = p.webinar_id AND t.sequence = p.sequence AND t.kind IN ('start', 'end'))`,
		},
	}
}

// sagas: work of several steps.
func sagas() []Invariant {
	return []Invariant{
		{
			Name: "sagas.alive", Says: "Each saga has ended, or somebody goes on with it in time",
			Mend:    "Is the service of the saga running? Its timeline in the backoffice (Sagas) has attempts and errors; try it again or undo it there.",
			counted: `SELECT count(*) FROM saga.run`,
			broken: `SELECT format('%s %s is %s and was to go on at %s', name, id, status, wake_at) FROM saga.run
				WHERE status NOT IN ('completed', 'cancelled') AND wake_at < now() - @patience AND lease_until < now() - @patience`,
		},
		{
			Name: "sagas.once", Says: "Each saga began once, or again after it was undone; it ended once at most, and took each of its steps once",
			Mend:    "Tell the developers, with its timeline from the backoffice (Sagas).",
			counted: `SELECT count(*) FROM eventlog.stream WHERE stream LIKE 'saga/%'`,
			broken: `SELECT format('%s: %s %s %s times', stream, type, step, count(*)) FROM (
					SELECT stream, type, payload->>'step' AS step, count(*) FILTER (WHERE type = 'saga.cancelled') OVER (PARTITION BY stream ORDER BY version) -
						(type = 'saga.cancelled')::integer AS life FROM eventlog.event WHERE stream LIKE 'saga/%') e
				WHERE type IN ('saga.begun', 'saga.done', 'saga.compensated', 'saga.completed', 'saga.cancelled')
				GROUP BY stream, life, type, step HAVING count(*) > 1`,
		},
		{
			Name: "sagas.explained", Says: "Each saga that was undone says why",
			Mend:    "The logs of its service around that time say what happened; the saga itself is over.",
			counted: `SELECT count(*) FROM saga.run WHERE status = 'cancelled'`,
			broken: `SELECT format('%s %s', r.name, r.id) FROM saga.run r WHERE r.status = 'cancelled' AND NOT EXISTS (SELECT FROM eventlog.event e
				WHERE e.stream = 'saga/' || r.name || '/' || r.id AND e.type = 'saga.failed' AND trim(e.payload->>'reason') <> '')`,
		},
	}
}

// queues: work that is handed on. Where there is a broker, these are about the outbox, and carried is about the rest.
func queues() []Invariant {
	return []Invariant{
		{
			Name: "queues.flow", Says: "The outbox is empty but for what is due later or in somebody's hands",
			Mend:    "Is the service that takes from the queue running (docs/access.md says which), and the broker where there is one? /readyz of the service that puts says what is late.",
			counted: `SELECT count(*) FROM queue.message`,
			broken: `SELECT format('%s: %s, the oldest due at %s %s', queue, count(*), min(visible_at), max(reason)) FROM queue.message
				WHERE visible_at < now() - @patience AND coalesce(expires_at > now(), true) GROUP BY queue`,
		},
		{
			Name: "queues.once", Says: "No message stands twice in a queue and among what was put aside of it",
			Mend:    "Tell the developers. Purge the copy among the dead letters: who takes messages knows them by their id, so nobody is told twice.",
			counted: `SELECT count(*) FROM queue.seen`,
			broken: `SELECT format('%s: %s is there %s times', queue, id, count(*)) FROM (SELECT queue, id FROM queue.message UNION ALL SELECT queue, id FROM queue.dead) m
				GROUP BY queue, id HAVING count(*) > 1`,
		},
		{
			Name: "queues.explained", Says: "Each message that was put aside has a reason", Mend: lookAtDead,
			counted: `SELECT count(*) FROM queue.dead`,
			broken:  `SELECT format('%s: %s', queue, id) FROM queue.dead WHERE trim(reason) = ''`,
		},
	}
}

const lookAtDead = "rounds queue peek QUEUE shows them; when the cause is mended, rounds queue replay QUEUE puts them back to work."

// figures: statistics count each thing once.
func figures() []Invariant {
	return []Invariant{
		{
			Name: "statistics.counted", Says: "The hourly figures are the sum of the activities",
			Mend:    "The activities are what happened: with statistics stopped, delete the hours that are wrong and count them again from the activities.",
			counted: `SELECT count(*) FROM statistics.activity`,
			broken: `SELECT format('kind %s: %s activities, %s counted', kind, a.n, h.n) FROM
				(SELECT kind, count(*) AS n FROM statistics.activity GROUP BY kind) a FULL JOIN
				(SELECT kind, sum(number) AS n FROM statistics.hour GROUP BY kind) h USING (kind) WHERE a.n IS DISTINCT FROM h.n`,
		},
	}
}

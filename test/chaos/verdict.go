package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// grace is how long a mail may be on its way on a machine that is busy: it was not too late when it was handed to the server.
const grace = 15 * time.Second

// quiet waits until everything that was begun is at its end: all news have their run, all runs, sagas and queues are through. In a hurry, what
// was taken more than two seconds ago and went down with a connection is given back before its lease ends.
func (h *house) quiet(hurry bool) error {
	questions := map[string]string{
		"news that nobody has begun to tell": `SELECT abs((SELECT count(*) FROM eventlog.event WHERE type IN ('reminder.due', 'webinar.moved', 'webinar.cancelled', 'webinar.live', 'points.booked'))
			- (SELECT count(*) FROM notificationtaskrunner.run WHERE kind IN ('webinar.reminder', 'webinar.moved', 'webinar.cancelled', 'webinar.live', 'points.booked')))`,
		"open runs":  `SELECT count(*) FROM notificationtaskrunner.run WHERE ended_at IS NULL`,
		"open sagas": `SELECT count(*) FROM saga.run WHERE status NOT IN ('completed', 'cancelled')`,
		"messages":   `SELECT count(*) FROM queue.message`,
		"timers":     `SELECT count(*) FROM scheduler.timer WHERE state = 'waiting' AND due_at < now()`,
	}
	var left []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		left = nil
		if hurry {
			h.exec(`UPDATE queue.message SET visible_at = now() WHERE taken AND visible_at < now() + interval '28 seconds'`)
		}
		for what, question := range questions {
			if n := h.number(question); n > 0 {
				left = append(left, fmt.Sprintf("%d %s", n, what))
			}
		}
		if left == nil {
			left = h.atBroker()
		}
		if left == nil {
			return nil
		}
	}
	return fmt.Errorf("it does not get quiet: %s", strings.Join(left, ", "))
}

// atBroker tells of queues in which something is left, as an operator sees it.
func (h *house) atBroker() (left []string) {
	if h.broker == nil {
		return nil
	}
	out, err := h.rounds("queue", "list")
	if err != nil {
		return []string{out}
	}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
		if f := strings.Fields(line); len(f) < 4 || f[1] != "0" || f[2] != "0" || f[3] != "0" {
			left = append(left, line)
		}
	}
	return left
}

// verdict holds everything that can be known against everything that should be.
type verdict struct {
	house  *house
	play   *play
	killed map[string]int
	wrong  []error
}

func (v *verdict) not(format string, arguments ...any) {
	v.wrong = append(v.wrong, fmt.Errorf(format, arguments...))
}

func (v *verdict) give(out io.Writer) error {
	report, err := v.house.rounds("verify", "--patience", "10s")
	if err != nil {
		v.not("rounds verify: %w\n%s", err, report)
	}
	fmt.Fprintf(out, "rounds verify: %d promises hold\n", strings.Count(report, "holds "))
	v.mails(out)
	if v.play != nil {
		v.answers(out)
	}
	v.nothingDied()
	kills := 0
	for _, n := range v.killed {
		kills += n
	}
	fmt.Fprintf(out, "%d kills: %v\n", kills, v.killed)
	return errors.Join(v.wrong...)
}

// nothingDied holds that nothing was given up: a person would wait for it in vain until an operator puts it back.
func (v *verdict) nothingDied() {
	list, err := v.house.rounds("queue", "list")
	if err != nil {
		v.not("list the queues: %w", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(list), "\n")[1:] {
		if f := strings.Fields(line); len(f) < 5 || f[4] != "0" {
			v.not("dead letters: %s", line)
		}
	}
	if len(v.wrong) > 0 {
		v.not("queues:\n%s", list)
	}
}

// message is one that was put, as the task runner made it.
type message struct{ run, account, channel string }

// namespace is that of the ids of messages, which are made of event, person and channel.
const namespace = "6d0f2b1e-43c1-4f86-9d0b-6f8f3f6c1a52"

// expected are all messages that the runs could put, by id.
func (v *verdict) expected() map[uuid.UUID]message {
	accounts := v.house.all(`SELECT id::text FROM datamanagement.account`)
	all := map[uuid.UUID]message{}
	for _, run := range v.house.all(`SELECT id FROM notificationtaskrunner.run`) {
		for _, account := range accounts {
			for channel, name := range map[string]string{"email": "CHANNEL_EMAIL", "site": "CHANNEL_SITE"} {
				all[idOf(run[0], account[0], name)] = message{run: run[0], account: account[0], channel: channel}
			}
		}
	}
	return all
}

// mails holds what came against what was put.
func (v *verdict) mails(out io.Writer) {
	h := v.house
	h.sink.mu.Lock()
	defer h.sink.mu.Unlock()
	expected := v.expected()
	site, late := set(h.all(`SELECT id::text FROM notificationcenter.notification`)), map[string]time.Time{}
	for _, run := range h.all(`SELECT id, to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM notificationtaskrunner.run
		WHERE kind = 'webinar.reminder' AND expires_at IS NOT NULL`) {
		until, err := time.Parse(time.RFC3339, run[1])
		if err != nil {
			v.not("when %s expires: %w", run[0], err)
		}
		late[run[0]] = until
	}
	put, came, lost, tooLate := v.put(expected), 0, 0, 0
	for _, id := range put {
		m := expected[id]
		there := site[id.String()]
		if m.channel == "email" {
			there = len(h.sink.mails[id]) > 0
		}
		until, expires := late[m.run]
		switch {
		case there:
			came++
		case expires && until.Before(time.Now()):
			tooLate++
		default:
			lost++
			v.not("lost: %s by %s to %s: %s", m.run, m.channel, m.account, h.known(id.String()))
		}
	}
	doubled, after, afterMost := 0, 0, time.Duration(0)
	for id, arrivals := range h.sink.mails {
		doubled += len(arrivals) - 1
		m, known := expected[id]
		if !known {
			v.not("a mail came under a Message-ID that nobody made: %s", id)
		}
		for _, a := range arrivals {
			if until, expires := late[m.run]; expires && a.at.After(until) {
				after++
				afterMost = max(afterMost, a.at.Sub(until))
			}
		}
	}
	for _, other := range h.sink.other {
		v.not("a mail came with the Message-ID %q", other)
	}
	most := workers * beside * (v.killed["notificationcenter"] + v.killed["PostgreSQL"] + v.killed["RabbitMQ"])
	if doubled > most {
		v.not("%d mails came twice, and at most %d were under way when something was killed", doubled, most)
	}
	if afterMost > grace {
		v.not("%d reminders came after the start, the last %s after it", after, afterMost)
	}
	fmt.Fprintf(out, "%d messages were put, %d came, %d lost, %d were not sent because their webinar had begun; %d mails, %d of them a second time "+
		"under the same Message-ID (at most %d in flight at kills), %d after the start (%s)\n", len(put), came, lost, tooLate, h.sink.total, doubled, most, after, afterMost)
	v.everybody()
}

// put are the messages that the runs have put: for each follower up to whom a run came, most of them in batches, and those that the queue
// knows by their own ids.
func (v *verdict) put(expected map[uuid.UUID]message) []uuid.UUID {
	all := map[uuid.UUID]bool{}
	for _, row := range v.house.all(`SELECT id::text FROM queue.seen WHERE queue IN ('notification.send', 'notification.site')`) {
		if id := uuid.MustParse(row[0]); expected[id].run != "" {
			all[id] = true
		}
	}
	for _, row := range v.house.all(`SELECT r.id, s.account_id::text FROM notificationtaskrunner.run r JOIN datamanagement.webinar w ON w.id = r.subject
		JOIN datamanagement.subscription s ON s.kind = 'category' AND s.target_id = w.category_id AND s.account_id <= r.last_person
		WHERE r.kind IN ('webinar.reminder', 'webinar.moved', 'webinar.cancelled', 'webinar.live') AND r.person IS NULL`) {
		for _, channel := range []string{"CHANNEL_EMAIL", "CHANNEL_SITE"} {
			all[idOf(row[0], row[1], channel)] = true
		}
	}
	return slices.Collect(maps.Keys(all))
}

// idOf is the id of what somebody is told.
func idOf(run, account, channel string) uuid.UUID {
	return uuid.NewSHA1(uuid.MustParse(namespace), []byte(run+"/"+account+"/"+channel))
}

// known is what is noted of a message anywhere, for whoever has to find out what became of it.
func (h *house) known(id string) string {
	return fmt.Sprint(h.all(`SELECT 'delivery ' || state || ' ' || reason || ' at ' || at || coalesce(', of use until ' || expires_at, '') FROM notificationcenter.delivery WHERE id = $1
		UNION ALL SELECT 'put aside: ' || reason FROM queue.dead WHERE id = $1
		UNION ALL SELECT 'put at ' || at FROM queue.seen WHERE id = $1`, id))
}

// everybody was to be told by each run that came to its end.
func (v *verdict) everybody() {
	for _, run := range v.house.all(`SELECT r.id, r.told::text, count(s.account_id)::text FROM notificationtaskrunner.run r
		JOIN datamanagement.webinar w ON w.id = r.subject LEFT JOIN datamanagement.subscription s ON s.kind = 'category' AND s.target_id = w.category_id
		WHERE r.kind IN ('webinar.reminder', 'webinar.moved', 'webinar.cancelled', 'webinar.live') AND r.ending = '' AND r.person IS NULL
		GROUP BY r.id, r.told HAVING r.told <> count(s.account_id)`) {
		v.not("%s told %s people, and %s follow", run[0], run[1], run[2])
	}
}

func set(rows [][]string) map[string]bool {
	all := map[string]bool{}
	for _, row := range rows {
		all[row[0]] = true
	}
	return all
}

// answers holds what people were told against what is stored.
func (v *verdict) answers(out io.Writer) {
	stored := map[string]int{}
	for _, row := range v.house.all(`SELECT body FROM datamanagement.comment`) {
		stored[row[0]]++
	}
	v.play.comments.Range(func(body, acknowledged any) bool {
		n := stored[fmt.Sprint(body)]
		if n > 1 || acknowledged == true && n == 0 {
			v.not("%q is stored %d times, acknowledged: %v", body, n, acknowledged)
		}
		return true
	})
	booked := v.house.number(`SELECT count(*) FROM datamanagement.booking`)
	if booked < int(v.play.booked.Load()) || booked > int(v.play.asked.Load()) {
		v.not("%d bookings were requested, %d acknowledged, and %d are there", v.play.asked.Load(), v.play.booked.Load(), booked)
	}
	states := map[string]int{}
	for _, row := range v.house.all(`SELECT state FROM datamanagement.webinar`) {
		states[row[0]]++
	}
	fmt.Fprintf(out, "%d comments of %d acknowledged, each there once; webinars %v; %d bookings\n", v.play.heard.Load(), v.play.said.Load(), states, booked)
}

package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/test/load/crowd"
)

// soak fills the room, stays and talks, notes the server's memory, ends the webinar, and compares what everybody is
// credited with what they know they watched.
func (h *house) soak() error {
	c := h.command
	fmt.Printf("soak: %d viewers, %d messages/s, %s\n\n", c.Viewers, c.Rate, c.Soak)
	r, err := h.fill(time.Duration(c.Viewers) * 2 * time.Millisecond)
	if err != nil {
		return err
	}
	begun := time.Now()
	next := begun
	var samples []int64
	every := max(10*time.Second, c.Soak/60)
	h.watch = func() {
		if now := time.Now(); !now.Before(next) {
			next = next.Add(every)
			samples = append(samples, memory(h.pid))
		}
	}
	if err := h.talk(c.Soak, &r); err != nil {
		return err
	}
	fmt.Println(heading)
	r.print("room")
	flat(samples, every)
	if c.Presence {
		if err := h.presence(); err != nil {
			return err
		}
	}
	h.remember(c.Heap)
	wrong, err := h.settle()
	if err != nil {
		return err
	}
	h.notes()
	return errors.Join(h.honest(r), wrong)
}

// flat prints how the memory went: the mean of each quarter, so that one collection more or less does not decide.
func flat(samples []int64, every time.Duration) {
	if len(samples) < 8 {
		return
	}
	mean := func(part []int64) float64 {
		var sum int64
		for _, s := range part {
			sum += s
		}
		return float64(sum) / float64(len(part)) / (1 << 20)
	}
	n := len(samples)
	quarters := [4]float64{}
	for q := range quarters {
		quarters[q] = mean(samples[q*n/4 : (q+1)*n/4])
	}
	fmt.Printf("memory of the server, a look each %s, mean of the quarters: %.1f, %.1f, %.1f, %.1f MB: %+.1f %% from the second to the last\n",
		every, quarters[0], quarters[1], quarters[2], quarters[3], 100*(quarters[3]/quarters[1]-1))
}

// settle ends the webinar and compares everybody's credit. The first error says what is wrong with the credit.
func (h *house) settle() (wrong, err error) {
	begun := time.Now()
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	frozen := func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 }
	for end := begun.Add(2 * time.Minute); !frozen(); {
		if time.Now().After(end) {
			return nil, errors.New("the room is not closed after two minutes")
		}
		if err := h.rest(200 * time.Millisecond); err != nil {
			return nil, err
		}
	}
	fmt.Printf("closing: %.1f s until the attendance of all was frozen; %d of %d were told goodbye\n", time.Since(begun).Seconds(), h.crowd.Goodbyes, h.crowd.Size())
	closed, given, err := h.attendance()
	if err != nil {
		return nil, err
	}
	var b books
	h.crowd.Each(closed, func(account string, w *crowd.Watched, counted int) {
		g, found := given[account]
		b.compare(w, counted, g, found)
	})
	return b.report(h.Count(`SELECT count(*) FROM livewebinar.incident`)), nil
}

// granted is what the server froze for one person.
type granted struct {
	watched time.Duration
	stamped time.Duration // between its own stamps, to the microsecond
	checks  int
}

// stamped adds up the intervals of the frozen evidence as the rule says in words, without the rule's code: the time of one
// connection after the other, with the gaps behind a lost one up to the grace.
func stamped(intervals []credit.Interval) time.Duration {
	var sum time.Duration
	var before credit.Interval
	slices.SortFunc(intervals, func(a, b credit.Interval) int { return a.From.Compare(b.From) })
	for i, w := range intervals {
		sum += w.To.Sub(w.From)
		if gap := w.From.Sub(before.To); i > 0 && (before.Dropped && gap <= grace() || gap < 0) {
			sum += gap // given, or had twice
		}
		before = w
	}
	return sum
}

// attendance reads what was frozen.
func (h *house) attendance() (closed time.Time, given map[string]granted, err error) {
	ctx := h.bench.Context()
	pool := h.DB.Admin()
	if err := pool.QueryRow(ctx, `SELECT closed_at FROM livewebinar.room`).Scan(&closed); err != nil {
		return closed, nil, fmt.Errorf("read the room: %w", err)
	}
	rows, err := pool.Query(ctx, `SELECT account_id, seconds, evidence FROM livewebinar.attendance`)
	if err != nil {
		return closed, nil, fmt.Errorf("read attendance: %w", err)
	}
	defer rows.Close()
	given = map[string]granted{}
	for rows.Next() {
		var account uuid.UUID
		var seconds int
		var text []byte
		if err := rows.Scan(&account, &seconds, &text); err != nil {
			return closed, nil, fmt.Errorf("read attendance: %w", err)
		}
		var e credit.Evidence
		if err := json.Unmarshal(text, &e); err != nil {
			return closed, nil, fmt.Errorf("evidence of %s: %w", account, err)
		}
		given[account.String()] = granted{time.Duration(seconds) * time.Second, stamped(e.Watched), credit.Evaluate(e).Checks.Answered}
	}
	return closed, given, rows.Err()
}

// books compares credit with what people know.
type books struct {
	people, missing    int
	off                map[int]int // seconds → people
	checks             int         // people whose number of answered checks differs
	narrowest, longest time.Duration
	unsure             time.Duration // the most that somebody's own knowledge is unsure by
}

// grace is that of the rule under which rooms are measured.
func grace() time.Duration { return credit.Default().ReconnectGrace.Duration() }

func (b *books) compare(w *crowd.Watched, counted int, g granted, found bool) {
	b.people++
	if !found {
		b.missing++
		return
	}
	if b.off == nil {
		b.off = map[int]int{}
	}
	if off := w.Off(g.watched, g.stamped, grace()); off != 0 {
		b.off[off]++
	}
	if g.checks != counted {
		b.checks++
	}
	least, most := w.Between(grace())
	b.unsure = max(b.unsure, most-least)
	if b.narrowest == 0 || g.watched < b.narrowest {
		b.narrowest = g.watched
	}
	b.longest = max(b.longest, g.watched)
}

func (b *books) report(incidents int) error {
	fmt.Printf("credit: %d people with %s to %s; off by seconds: %v; without attendance: %d; with another number of checks: %d; own knowledge unsure by %s at most; %d incidents\n",
		b.people, b.narrowest, b.longest, b.off, b.missing, b.checks, ms(b.unsure), incidents)
	if len(b.off)+b.missing+b.checks > 0 {
		return errors.New("credit differs from what people watched")
	}
	return nil
}

package livewebinar

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

const (
	tailEvery = 500 * time.Millisecond
	// overlap is how far back each reading looks: longer than a transaction of the watch log may take. What is read twice
	// changes nothing.
	overlap = 3 * writeWithin
	// introduceMost is how many people from other instances learn their names here in one reading.
	introduceMost = 1000
)

// tail is where the log of the other instances was read to. Lines are found by the transaction that wrote them, because
// transactions end in another order than they begin: whatever was not visible at the last reading belongs to one that is not
// older than the oldest which ran then.
type tail struct {
	xmin  string
	since time.Time // by the real clock of the database
}

// followOthers reads what happens in the rooms on other instances: the watch log is the memory that all of them share.
func (s *server) followOthers(ctx context.Context) error {
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	var t tail
	for {
		if err := s.readOthers(ctx, &t); err != nil && ctx.Err() == nil {
			s.log.Error("other instances", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) readOthers(ctx context.Context, t *tail) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	rooms := map[uuid.UUID]*live{}
	var ids []uuid.UUID
	for _, l := range s.rooms.all() {
		rooms[l.Webinar] = l
		ids = append(ids, l.Webinar)
	}
	q := store.New(s.rooms.pool)
	start, err := q.TailStart(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if t.xmin == "" {
		t.xmin, t.since = start.Xmin, start.Now
	}
	if len(ids) > 0 {
		if err := s.feed(ctx, q, rooms, ids, *t); err != nil {
			return err
		}
	}
	t.xmin, t.since = start.Xmin, start.Now
	return nil
}

func (s *server) feed(ctx context.Context, q *store.Queries, rooms map[uuid.UUID]*live, ids []uuid.UUID, t tail) error {
	since := t.since.Add(-overlap)
	beats, err := q.BeatsElsewhere(ctx, store.BeatsElsewhereParams{WebinarIds: ids, Since: since, Xmin: t.xmin, Me: s.peers.me})
	if err != nil {
		return fmt.Errorf("read the watch log: %w", err)
	}
	lines := map[uuid.UUID][]room.Far{}
	for _, b := range beats {
		line := farOf(store.StreamsElsewhereRow{
			AccountID: b.AccountID, Stream: b.Stream, Sequence: b.Sequence, Event: b.Event, At: b.At, Instance: b.Instance,
		})
		line.Clean = b.Clean
		lines[b.WebinarID] = append(lines[b.WebinarID], line)
	}
	checks, err := q.ChecksChanged(ctx, store.ChecksChangedParams{WebinarIds: ids, Since: since})
	if err != nil {
		return fmt.Errorf("read checks: %w", err)
	}
	known := map[uuid.UUID][]room.CheckRow{}
	for _, c := range checks {
		tries, err := triesOf(c.Tries)
		if err != nil {
			return err
		}
		known[c.WebinarID] = append(known[c.WebinarID], room.CheckRow{Account: c.AccountID, Tries: tries, Check: checkOf(store.ChecksOfManyRow{
			Number: c.Number, DueAt: c.DueAt, SentAt: c.SentAt, DeliveredAt: c.DeliveredAt, AnsweredAt: c.AnsweredAt,
		})})
	}
	if err := s.learn(ctx, q, rooms, ids); err != nil {
		return err
	}
	living, dead := s.peers.roll(s.now())
	for id, l := range rooms {
		for _, left := range l.Feed(s.now(), lines[id]) {
			s.recorder.act(s.activity.left(s.now(), l, left.Person, left.Stream))
		}
		for _, over := range l.Checked(known[id]) {
			s.hand(personChannel(over.Account), &livewebinarpb.PersonPush{WebinarId: id.String(), CheckOver: number(over.Number)})
		}
		if len(living) > 0 {
			l.Keep(s.now(), living, dead)
		}
		if err := s.introduce(ctx, q, l); err != nil {
			return err
		}
	}
	return nil
}

// learn brings incidents, the programme and the lecturer up to date, whoever wrote them.
func (s *server) learn(ctx context.Context, q *store.Queries, rooms map[uuid.UUID]*live, ids []uuid.UUID) error {
	incidents, err := q.IncidentsOf(ctx, ids)
	if err != nil {
		return fmt.Errorf("read incidents: %w", err)
	}
	marks, err := q.SegmentsOf(ctx, ids)
	if err != nil {
		return fmt.Errorf("read the programme: %w", err)
	}
	lecturers, err := q.LecturersOf(ctx, ids)
	if err != nil {
		return fmt.Errorf("read the lecturers: %w", err)
	}
	for _, w := range lecturers {
		rooms[w.WebinarID].lecturer.Store(w.HostID)
	}
	spans, segments := map[uuid.UUID][]credit.Span{}, map[uuid.UUID][]room.Mark{}
	for _, i := range incidents {
		spans[i.WebinarID] = append(spans[i.WebinarID], credit.Span{From: i.FromAt, To: i.ToAt})
	}
	for _, m := range marks {
		segments[m.WebinarID] = append(segments[m.WebinarID], room.Mark{Kind: credit.Kind(m.Kind), From: m.FromAt})
	}
	for id, l := range rooms {
		l.Know(spans[id], segments[id])
	}
	return nil
}

// introduce finds the names of people who are on other instances only, for the list of hosts.
func (s *server) introduce(ctx context.Context, q *store.Queries, l *live) error {
	ids := l.Strangers(introduceMost)
	if len(ids) == 0 {
		return nil
	}
	rows, err := q.AccountsOf(ctx, ids)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	people := make([]room.Person, 0, len(rows))
	for _, a := range rows {
		if r, err := rightsIn(a, l.lecturer.Load()); err == nil {
			people = append(people, r.person)
		}
	}
	l.Introduce(people)
	return nil
}

// whoElse gives a room that was just loaded the people who are in it on other instances.
func (s *rooms) whoElse(ctx context.Context, q *store.Queries, l *live) error {
	rows, err := q.StreamsElsewhere(ctx, store.StreamsElsewhereParams{WebinarID: l.Webinar, Me: s.me})
	if err != nil {
		return fmt.Errorf("read who is elsewhere: %w", err)
	}
	lines := make([]room.Far, len(rows))
	for i, row := range rows {
		lines[i] = farOf(row)
	}
	slices.SortFunc(lines, func(a, b room.Far) int { return a.At.Compare(b.At) })
	l.Feed(s.now(), lines)
	return nil
}

func farOf(row store.StreamsElsewhereRow) room.Far {
	far := room.Far{Account: row.AccountID, Beat: credit.Beat{Stream: row.Stream, Sequence: row.Sequence, At: row.At, Event: credit.Event(row.Event)}}
	if row.Instance != nil {
		far.Instance = *row.Instance
	}
	return far
}

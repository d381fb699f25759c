package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/queue"
)

// settlement is what becomes of a message.
type settlement struct {
	*item
	queue.Outcome
	result string
}

// settler carries settlements out, all that have gathered in one statement a kind: while one statement is under way the
// next ones gather, so the busier it is the larger they are. A moment is waited for them as well, for each statement costs the server
// more than a message.
type settler struct {
	*consumer
	in chan settlement
}

func newSettler(c *consumer) *settler {
	return &settler{consumer: c, in: make(chan settlement, c.o.Prefetch)}
}

func (s *settler) put(x settlement) { s.in <- x }

func (s *settler) release(items []*item) {
	for _, i := range items {
		s.put(settlement{item: i, result: queue.Released})
	}
}

func (s *settler) close() { close(s.in) }

func (s *settler) run() {
	for first := range s.in {
		s.flush(s.gather(first))
	}
}

const (
	lingers     = 5 * time.Millisecond
	mostSettled = 2000 // in one statement
)

// gather takes what is there, and waits a moment until there is an eighth of what may be held.
func (s *settler) gather(first settlement) []settlement {
	group := []settlement{first}
	for late := time.After(lingers); len(group) < mostSettled; {
		if len(group) >= s.o.Prefetch/8 {
			late = nil
		}
		x, more := s.more(late)
		if !more {
			break
		}
		group = append(group, x)
	}
	return group
}

// more is the next settlement: one that is there, or comes before it is late; nil: it is late already.
func (s *settler) more(late <-chan time.Time) (settlement, bool) {
	select {
	case x, open := <-s.in:
		return x, open
	default:
	}
	if late == nil {
		return settlement{}, false
	}
	select {
	case x, open := <-s.in:
		return x, open
	case <-late:
		return settlement{}, false
	}
}

func (s *settler) flush(group []settlement) {
	by := map[string][]settlement{}
	for _, x := range group {
		kind := x.result
		switch kind {
		case queue.Expired:
			kind = queue.Done
		case queue.Released:
			kind = queue.Retried
		}
		by[kind] = append(by[kind], x)
	}
	// Retries before releases of the same lane are one statement, so a lane never opens in between.
	for _, kind := range []string{queue.Retried, queue.Buried, queue.Done} {
		if part := by[kind]; len(part) > 0 {
			s.carry(kind, part)
		}
	}
}

// carry tries for a while when the database is away; after that the lease runs out and the message comes again.
func (s *settler) carry(kind string, part []settlement) {
	items := make([]*item, len(part))
	for n, x := range part {
		items[n] = x.item
	}
	defer s.held.drop(items)
	var err error
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		var settled map[int64]bool
		if settled, err = s.send(kind, items, part); err == nil {
			s.count(part, settled)
			return
		}
		time.Sleep(wait)
	}
	s.log.Error("messages cannot be settled and will come again", "queue", s.name, "messages", len(part), "error", err)
}

func (s *settler) send(kind string, items []*item, part []settlement) (map[int64]bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // also after the consumer was told to stop
	defer cancel()
	seqs, tokens := numbers(items)
	if kind == queue.Done {
		return s.seqs(ctx, `SELECT queue.ack($1, $2, $3)`, s.name, seqs, tokens)
	}
	waits, reasons := make([]time.Duration, len(part)), make([]string, len(part))
	for n, x := range part {
		waits[n], reasons[n] = x.Wait, x.Reason
	}
	if kind == queue.Buried {
		return s.seqs(ctx, `SELECT queue.bury($1, $2, $3, $4)`, s.name, seqs, tokens, reasons)
	}
	return s.seqs(ctx, `SELECT queue.retry($1, $2, $3, $4, $5)`, s.name, seqs, tokens, waits, reasons)
}

func (s *settler) count(part []settlement, settled map[int64]bool) {
	missed, left := 0, map[string]int{}
	for _, x := range part {
		if settled[x.seq] {
			left[x.result]++
		} else {
			missed++
		}
	}
	for result, n := range left {
		s.meter.Left(s.name, result, n)
	}
	if missed > 0 {
		s.meter.Left(s.name, queue.Lost, missed)
		s.log.Warn("messages were settled too late: their lease had run out", "queue", s.name, "messages", missed)
	}
}

// seqs runs a statement that answers the numbers of the messages that were still ours.
func (c *consumer) seqs(ctx context.Context, sql string, args ...any) (map[int64]bool, error) {
	rows, err := c.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	set := make(map[int64]bool, len(list))
	for _, seq := range list {
		set[seq] = true
	}
	return set, nil
}

func numbers(items []*item) (seqs []int64, tokens []int32) {
	for _, i := range items {
		seqs, tokens = append(seqs, i.seq), append(tokens, i.token)
	}
	return seqs, tokens
}

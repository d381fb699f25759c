package livewebinar

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// pastOf is what the database knows of a viewer, read when somebody enters an instance that does not know them.
func (s *rooms) pastOf(ctx context.Context, webinar, account uuid.UUID) (room.Past, error) {
	return s.pasts.get(ctx, seatKey{webinar, account})
}

// pastsMost is how many viewers are read in one query.
const pastsMost = 200

type seatKey struct{ webinar, account uuid.UUID }

func byRoom(keys []seatKey) map[uuid.UUID][]uuid.UUID {
	accounts := map[uuid.UUID][]uuid.UUID{}
	for _, k := range keys {
		accounts[k.webinar] = append(accounts[k.webinar], k.account)
	}
	return accounts
}

func (s *rooms) readPasts(ctx context.Context, keys []seatKey) (map[seatKey]room.Past, error) {
	all := map[seatKey]room.Past{}
	for webinar, accounts := range byRoom(keys) {
		pasts, err := readPasts(ctx, store.New(s.pool), webinar, accounts)
		if err != nil {
			return nil, err
		}
		for account, past := range pasts {
			all[seatKey{webinar, account}] = *past
		}
	}
	return all, nil
}

// readPasts reads the log and the checks of many viewers of a room.
func readPasts(ctx context.Context, q *store.Queries, webinar uuid.UUID, accounts []uuid.UUID) (map[uuid.UUID]*room.Past, error) {
	beats, err := q.BeatsOfMany(ctx, store.BeatsOfManyParams{WebinarID: webinar, AccountIds: accounts})
	if err != nil {
		return nil, fmt.Errorf("read beats: %w", err)
	}
	checks, err := q.ChecksOfMany(ctx, store.ChecksOfManyParams{WebinarID: webinar, AccountIds: accounts})
	if err != nil {
		return nil, fmt.Errorf("read checks: %w", err)
	}
	past := map[uuid.UUID]*room.Past{}
	for _, id := range accounts {
		past[id] = &room.Past{Tries: map[int]presence.Tries{}}
	}
	for _, b := range beats {
		past[b.AccountID].Beats = append(past[b.AccountID].Beats, credit.Beat{
			Viewer: b.AccountID.String(), Stream: b.Stream, Sequence: b.Sequence, At: b.At, Event: credit.Event(b.Event),
		})
	}
	for _, c := range checks {
		tries, err := triesOf(c.Tries)
		if err != nil {
			return nil, err
		}
		p := past[c.AccountID]
		p.Checks = append(p.Checks, tries.Judge(checkOf(c), proof))
		if len(tries) > 0 {
			p.Tries[int(c.Number)] = tries
		}
	}
	return past, nil
}

// gather makes one query of many: while one is under way, whoever asks waits for the next, together with all others. So
// who asks alone waits for nobody, and five thousand who come at once cost some dozen queries.
type gather[K comparable, V any] struct {
	most int
	read func(context.Context, []K) (map[K]V, error)

	mu      sync.Mutex
	waiting []*asking[K, V]
	running int
}

// gatherers is how many queries are under way at once.
const gatherers = 2

type asking[K comparable, V any] struct {
	key  K
	done chan struct{}
	got  V
	err  error
}

// get gives what is known of a key; the zero value when nothing is.
func (g *gather[K, V]) get(ctx context.Context, key K) (V, error) {
	w := &asking[K, V]{key: key, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	if g.running < gatherers {
		g.running++
		go g.run(context.WithoutCancel(ctx))
	}
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.got, w.err
	case <-ctx.Done():
		return w.zero(), fmt.Errorf("wait for the database: %w", ctx.Err())
	}
}

func (w *asking[K, V]) zero() (none V) { return none }

func (g *gather[K, V]) run(ctx context.Context) {
	for {
		g.mu.Lock()
		some := head(&g.waiting, g.most)
		if len(some) == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		g.fulfil(ctx, some)
	}
}

func (g *gather[K, V]) fulfil(ctx context.Context, some []*asking[K, V]) {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	keys := make([]K, 0, len(some))
	seen := map[K]bool{}
	for _, w := range some {
		if !seen[w.key] {
			seen[w.key] = true
			keys = append(keys, w.key)
		}
	}
	got, err := g.read(ctx, keys)
	for _, w := range some {
		w.got, w.err = got[w.key], err
		close(w.done)
	}
}

package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// counter counts what is asked of a database.
type counter struct{ queries atomic.Int64 }

// TraceQueryStart implements pgx.QueryTracer.
func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.queries.Add(1)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *counter) pool(t *testing.T, base *dbtest.DB) *pgxpool.Pool {
	t.Helper()
	config := base.Pool("livewebinar").Config()
	config.ConnConfig.Tracer = c
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// together makes a gathering wait until so many have asked since, so that what is counted does not depend on how fast they come.
func together[K comparable, V any](g *gather[K, V], crowd int) {
	var taken atomic.Int64
	read := g.read
	g.read = func(ctx context.Context, keys []K) (map[K]V, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		taken.Add(int64(len(keys)))
		for all := false; !all && ctx.Err() == nil; time.Sleep(time.Millisecond) {
			g.mu.Lock()
			all = int(taken.Load())+len(g.waiting) >= crowd
			g.mu.Unlock()
		}
		return read(ctx, keys)
	}
}

// A thousand who come at once, and come back at once, are some queries and not thousands.
func TestThousandJoinsAreFewQueries(t *testing.T) {
	t.Parallel()
	const crowd = 1000
	for what, back := range map[string]bool{"coming": false, "coming back": true} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), Schema())
			c := &counter{}
			a := newArenaOn(t, base, c.pool(t, base))
			people := a.invite(t, base, crowd)
			if back {
				a.enter(t, people, "before")
			}
			together(&a.rooms.accounts, crowd)
			together(&a.rooms.deeds, crowd)
			most := int64(3 + 3) // one for each of the first two who ask, one for all others; accounts and deeds
			if !back {
				together(&a.rooms.pasts, crowd)
				most += 2 * (2 + crowd/pastsMost + 1) // beats and checks
			}
			c.queries.Store(0)
			a.enter(t, people, "now")
			n := c.queries.Load()
			t.Logf("%d queries for %d who join", n, crowd)
			if n > most {
				t.Errorf("%d queries for %d who join, more than %d", n, crowd, most)
			}
		})
	}
}

// invite makes members.
func (a *arena) invite(t *testing.T, base *dbtest.DB, crowd int) []uuid.UUID {
	t.Helper()
	people := make([]uuid.UUID, crowd)
	for n := range people {
		people[n] = uuid.New()
	}
	_, err := base.Admin().Exec(t.Context(), `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country,
		language, zone, state, consent_version, consent_at, created_at, updated_at)
		SELECT id, id || '@example.org', 'x', 'Name', 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now()
		FROM unnest($1::uuid[]) id`, people)
	if err != nil {
		t.Fatal(err)
	}
	return people
}

// enter lets all of them join in one moment.
func (a *arena) enter(t *testing.T, people []uuid.UUID, connection string) {
	t.Helper()
	failed := make([]error, len(people))
	var all sync.WaitGroup
	for n, id := range people {
		all.Go(func() {
			_, failed[n] = a.call(caller{account: id, connection: fmt.Sprint(connection, n)}, methodJoin, []byte(`{"webinarId":"`+arenaID+`"}`))
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
}

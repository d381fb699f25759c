package auth_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/auth"
)

// TestWhatIsOverGoes: when the scheduler says that it is time, auth deletes with its own rights what has been over for a week.
func TestWhatIsOverGoes(t *testing.T) {
	t.Parallel()
	h := build(t)
	types := eventlog.Types{"retention.due": &eventpb.RetentionDue{}}
	log := func(service string) *eventlog.Log {
		return eventlog.New(h.db.Pool(service), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), types)
	}
	s, err := auth.New(&run.Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler), DB: h.db.Pool("auth"), Events: log("auth")}, auth.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h.exec(`INSERT INTO auth.session (id, account_id, created_at, used_at, expires_at, revoked_at) SELECT gen_random_uuid(), gen_random_uuid(), now(), now(),
		now() + make_interval(days => n.open), now() + make_interval(days => n.ended) FROM (VALUES (-8, NULL), (30, -8), (-1, NULL), (30, NULL)) n (open, ended)`)
	h.exec(`INSERT INTO auth.refresh_token (hash, session_id, created_at) SELECT sha256(id::text::bytea), id, now() FROM auth.session`)
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	t.Cleanup(func() { cancel(); working.Wait() })
	for _, work := range s.Work {
		working.Go(func() {
			for ctx.Err() == nil {
				_ = work.Run(ctx)
			}
		})
	}
	err = db.Tx(t.Context(), h.db.Pool("scheduler"), func(tx pgx.Tx) error {
		return log("scheduler").Append(t.Context(), tx, eventlog.Event{
			Stream: "time", ExpectedVersion: eventlog.Any, Message: &eventpb.RetentionDue{At: timestamppb.Now()},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	left := func() (n int) {
		if err := h.admin.QueryRow(t.Context(), `SELECT count(*) FROM auth.session s JOIN auth.refresh_token r ON r.session_id = s.id`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for end := time.Now().Add(time.Minute); left() != 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d sessions are left, want 2", left())
		}
	}
}

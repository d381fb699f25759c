package desk_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
	"github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/token"
)

// counter is a server, over a database with three dead letters of two reasons and one message that waits.
func counter(t *testing.T) (queuepb.QueuesServer, context.Context) {
	t.Helper()
	database := dbtest.New(t, queue.Schema())
	put := func(payload *eventpb.Activity) {
		m := queue.Message{ID: uuid.New(), Queue: "activity", Payload: payload}
		if err := db.Tx(t.Context(), database.Pool("livewebinar"), func(tx pgx.Tx) error { return queue.Put(t.Context(), tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, reason := range []string{"no mailbox ana@example.org", "no mailbox bor@example.org", "EOF"} {
		put(&eventpb.Activity{Id: reason, Pseudonym: "hush"})
		if _, err := database.Admin().Exec(t.Context(), `SELECT queue.bury('activity', array_agg(seq), array_agg(token), ARRAY[$1])
			FROM queue.take('activity', 1, '1m')`, reason); err != nil {
			t.Fatal(err)
		}
	}
	put(&eventpb.Activity{Id: "waits", Pseudonym: "hush"})
	driver := postgres.New(database.Pool("statistics"), slog.New(slog.DiscardHandler), nil, time.Now)
	who := token.With(t.Context(), token.Claims{Account: uuid.MustParse("0199aaaa-0000-7000-8000-000000000001")})
	return desk.Serve(driver, "activity").Impl.(queuepb.QueuesServer), who
}

func TestServerTellsWithoutSecrets(t *testing.T) {
	t.Parallel()
	s, ctx := counter(t)
	list, err := s.List(ctx, &queuepb.QueueListRequest{})
	if err != nil || len(list.GetQueues()) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if q := list.GetQueues()[0]; q.GetReady() != 1 || q.GetDead() != 3 || q.GetPutRate() != 4.0/5 || q.GetProblem() != "" {
		t.Errorf("%v", q)
	}
	one, err := s.Get(ctx, &queuepb.QueueGetRequest{Queue: "activity"})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.GetWaiting()) != 1 || len(one.GetDead()) != 3 || len(one.GetReasons()) != 2 || one.GetReasons()[0].GetText() != "no mailbox …@example.org" {
		t.Errorf("%v", one)
	}
	for _, secret := range []string{"hush", "ana@", "bor@"} {
		if text := one.String(); strings.Contains(strings.ReplaceAll(text, `value:"no mailbox`, ""), `"`+secret) {
			t.Errorf("it tells %s: %s", secret, text)
		}
	}
}

// What an operator does is done once, however often the wish comes, and stays with the name of who did it.
func TestServerDoesOnceAndKeepsWho(t *testing.T) {
	t.Parallel()
	s, ctx := counter(t)
	wish := &queuepb.QueueReplayRequest{RequestId: uuid.NewString(), Queue: "activity", Reason: "no mailbox …@example.org"}
	for range 2 {
		if done, err := s.Replay(ctx, wish); err != nil || done.GetCount() != 2 {
			t.Errorf("replay: %v, %v", done, err)
		}
	}
	if done, err := s.SetAside(ctx, &queuepb.QueueSetAsideRequest{RequestId: uuid.NewString(), Queue: "activity"}); err != nil || done.GetCount() != 3 {
		t.Errorf("set aside: %v, %v", done, err)
	}
	if done, err := s.Discard(ctx, &queuepb.QueueDiscardRequest{RequestId: uuid.NewString(), Queue: "activity", Reason: "EOF"}); err != nil || done.GetCount() != 1 {
		t.Errorf("discard: %v, %v", done, err)
	}
	one, err := s.Get(ctx, &queuepb.QueueGetRequest{Queue: "activity"})
	if err != nil || one.GetQueue().GetReady() != 0 || one.GetQueue().GetDead() != 3 {
		t.Fatalf("%v, %v", one, err)
	}
	var kept []string
	for _, o := range one.GetOperations() {
		if o.GetActor() != "0199aaaa-0000-7000-8000-000000000001" || o.Count == nil || o.GetAt() == nil {
			t.Errorf("%v", o)
		}
		kept = append(kept, o.GetWhat())
	}
	if got := strings.Join(kept, ", "); got != "discard, set aside, replay" {
		t.Errorf("kept: %s", got)
	}
}

func TestServerRefuses(t *testing.T) {
	t.Parallel()
	s, ctx := counter(t)
	for what, c := range map[string]struct {
		want errs.Kind
		do   func() error
	}{
		"a queue of another": {errs.NotFound, func() error {
			_, err := s.Get(ctx, &queuepb.QueueGetRequest{Queue: "notification.task"})
			return err
		}},
		"a wish without an id": {errs.Invalid, func() error {
			_, err := s.SetAside(ctx, &queuepb.QueueSetAsideRequest{Queue: "activity"})
			return err
		}},
		"an id that is none": {errs.Invalid, func() error {
			_, err := s.Discard(ctx, &queuepb.QueueDiscardRequest{RequestId: uuid.NewString(), Queue: "activity", Id: "x"})
			return err
		}},
	} {
		if err := c.do(); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", what, err)
		}
	}
	if done, err := s.Discard(ctx, &queuepb.QueueDiscardRequest{RequestId: uuid.NewString(), Queue: "activity", Reason: "a\x00b"}); err != nil || done.GetCount() != 0 {
		t.Errorf("a reason that nothing has: %v, %v", done, err)
	}
}

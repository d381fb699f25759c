package scheduler_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// operator is an administrator, and what is answered to them.
func (w *world) operator() (context.Context, schedulerpb.SagasServer) {
	w.t.Helper()
	service, err := build(w.database.Pool("scheduler"), w.clock.Now, nil, w.rooms, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	sagas, ok := service.RPC[0].Impl.(schedulerpb.SagasServer)
	if !ok {
		w.t.Fatalf("%T does not answer operators", service.RPC[0].Impl)
	}
	ctx := token.With(w.t.Context(), token.Claims{Account: uuid.MustParse("00000000-0000-0000-0000-000000000001")})
	return ctx, sagas
}

func (w *world) timeline(ctx context.Context, sagas schedulerpb.SagasServer, id string) (*schedulerpb.Saga, []string) {
	w.t.Helper()
	one, err := sagas.Get(ctx, &schedulerpb.SagaGetRequest{Id: id})
	if err != nil {
		w.t.Fatal(err)
	}
	var kinds []string
	for _, m := range one.GetMoments() {
		kinds = append(kinds, strings.TrimSpace(m.GetKind()+" "+m.GetStep()))
	}
	return one.GetSaga(), kinds
}

// TestOperatorHelpsAStartOn: the room never answers, and would be waited for an hour. The operator has it asked again when it is
// there, and the timeline tells all of it.
func TestOperatorHelpsAStartOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.instance(func(c *scheduler.Config) { c.StartTimeout = time.Hour })
	webinar := w.plan(0, 120)
	ctx, sagas := w.operator()
	var id string
	w.until("the room to be asked for", func() bool {
		list, err := sagas.List(ctx, &schedulerpb.SagaListRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.GetSagas()) == 0 || list.GetSagas()[0].GetStatus() != "waiting" {
			return false
		}
		s := list.GetSagas()[0]
		id = s.GetId()
		return s.GetName() == "webinar.start" && s.GetStep() == "room" && s.GetWebinarId() == webinar.String() && s.GetWakesAt() != nil
	})
	if _, err := sagas.Retry(ctx, &schedulerpb.SagaRetryRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	w.until("a second question", func() bool { return count(w.history(webinar), "start.requested") == 2 })
	w.others()
	w.until("the start", func() bool { return slices.Contains(w.history(webinar), "start.completed") })
	w.until("the last moment", func() bool {
		s, kinds := w.timeline(ctx, sagas, id)
		return s.GetStatus() == "completed" && slices.Equal(kinds, []string{
			"begun", "done status", "requested room", "hurried", "requested room", "done room", "done announce", "completed",
		})
	})
	list, err := sagas.List(ctx, &schedulerpb.SagaListRequest{Over: true})
	if err != nil || len(list.GetSagas()) != 1 || list.GetSagas()[0].GetId() != id {
		t.Errorf("over: %v %v", list, err)
	}
}

// TestOperatorGivesAStartUp: what was done is undone, for the reason that was typed; an end cannot be given up.
func TestOperatorGivesAStartUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.instance(func(c *scheduler.Config) { c.StartTimeout, c.StartPause = time.Hour, time.Hour })
	webinar := w.plan(0, 120)
	ctx, sagas := w.operator()
	id := "webinar.start:" + webinar.String() + ".1.1"
	w.until("the room to be asked for", func() bool {
		one, err := sagas.Get(ctx, &schedulerpb.SagaGetRequest{Id: id})
		return err == nil && one.GetSaga().GetStatus() == "waiting"
	})
	for _, reason := range []string{"", "  ", strings.Repeat("x", 501)} {
		if _, err := sagas.Compensate(ctx, &schedulerpb.SagaCompensateRequest{Id: id, Reason: reason}); !errs.HasCode(err, errs.CodeInput) {
			t.Errorf("%d letters: %v", len(reason), err)
		}
	}
	if _, err := sagas.Compensate(ctx, &schedulerpb.SagaCompensateRequest{Id: id, Reason: "The lecturer is ill"}); err != nil {
		t.Fatal(err)
	}
	w.until("the undoing", func() bool {
		return slices.Contains(w.history(webinar), "start.failed") && w.state(webinar) == "planned"
	})
	w.until("its end", func() bool { s, _ := w.timeline(ctx, sagas, id); return s.GetStatus() == "cancelled" })
	one, err := sagas.Get(ctx, &schedulerpb.SagaGetRequest{Id: id})
	if err != nil || one.GetSaga().GetReason() != "The lecturer is ill" {
		t.Errorf("%v %v", one.GetSaga(), err)
	}
	for _, m := range one.GetMoments() {
		if m.GetKind() == "failed" && m.GetAccountId() != "00000000-0000-0000-0000-000000000001" {
			t.Errorf("given up by %q", m.GetAccountId())
		}
	}
	for bad, code := range map[string]string{"": "saga.none", "webinar.start:\x00": "saga.none", "webinar.start": "saga.none", id: "saga.over"} {
		if _, err := sagas.Retry(ctx, &schedulerpb.SagaRetryRequest{Id: bad}); !errs.HasCode(err, code) {
			t.Errorf("%q: %v, want %s", bad, err, code)
		}
	}
	if _, err := sagas.List(ctx, &schedulerpb.SagaListRequest{PageToken: "e30x"}); !errs.HasCode(err, "page.token") {
		t.Errorf("a page that is none: %v", err)
	}
}

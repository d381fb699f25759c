package saga_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/saga"
)

// until waits for a status of a saga.
func (w *world) until(engine *saga.Engine, id string, status saga.Status) {
	w.Helper()
	for end := time.Now().Add(patience); w.state(engine, id).Status != status; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("saga %s does not become %s: %+v", id, status, w.state(engine, id))
		}
	}
}

func (w *world) kinds(engine *saga.Engine, id string) (kinds []string) {
	w.Helper()
	_, moments, err := engine.Timeline(w.ctx, "start", id)
	if err != nil {
		w.Fatal(err)
	}
	for _, m := range moments {
		text := m.Kind
		for _, more := range []string{m.Step, m.By} {
			if more != "" {
				text += " " + more
			}
		}
		kinds = append(kinds, text)
	}
	return kinds
}

// TestHurried asks again at once for an answer that was lost, long before its time is over.
func TestHurried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(_ string, attempt int) string {
		if attempt == 1 {
			return ""
		}
		return "room.opened"
	})
	engine := w.run(deps(w.pool), impatient(time.Hour))
	w.begin(engine, "1")
	w.until(engine, "1", saga.Waiting)
	if err := engine.Hurry(w.ctx, "start", "1", "operator"); err != nil {
		t.Fatal(err)
	}
	check(w, "status", w.over(engine, "1").Status, saga.Completed)
	check(w, "effects", w.effects("1"), "live, told")
	want := []string{"begun", "done live", "requested open", "hurried operator", "requested open", "done open", "done tell", "completed"}
	if got := w.kinds(engine, "1"); !slices.Equal(got, want) {
		t.Errorf("the timeline is %q", got)
	}
}

// TestTurnedRound gives up a saga that waits for ever: everything is undone, and the timeline says who wanted it and why.
func TestTurnedRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(string, int) string { return "" })
	engine := w.run(deps(w.pool), impatient(time.Hour))
	w.begin(engine, "1")
	w.until(engine, "1", saga.Waiting)
	if err := engine.TurnRound(w.ctx, "start", "1", "operator", "the lecturer is ill"); err != nil {
		t.Fatal(err)
	}
	s := w.over(engine, "1")
	check(w, "status", s.Status, saga.Cancelled)
	check(w, "reason", s.Reason, "the lecturer is ill")
	check(w, "effects", w.effects("1"), "live, close, not live")
	want := []string{"begun", "done live", "requested open", "failed open operator", "compensated open", "compensated live", "cancelled"}
	if got := w.kinds(engine, "1"); !slices.Equal(got, want) {
		t.Errorf("the timeline is %q", got)
	}
	for what, err := range map[string]error{
		"saga.over":    engine.Hurry(w.ctx, "start", "1", "operator"),
		"saga.over ":   engine.TurnRound(w.ctx, "start", "1", "operator", "again"),
		"saga.none":    engine.Hurry(w.ctx, "start", "2", "operator"),
		"saga.none  ":  engine.TurnRound(w.ctx, "stop", "1", "operator", "again"),
		"saga.none   ": func() error { _, _, err := engine.Timeline(w.ctx, "stop", "1"); return err }(),
	} {
		if code := what[:9]; !errs.HasCode(err, code) {
			t.Errorf("want %s, got %v", code, err)
		}
	}
}

// TestForwardOnly does not let an operator undo what must reach its end.
func TestForwardOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	def := impatient(time.Hour)
	def.Forward = true
	engine := w.run(deps(w.pool), def)
	w.begin(engine, "1")
	w.until(engine, "1", saga.Waiting)
	if err := engine.TurnRound(w.ctx, "start", "1", "operator", "why"); !errs.HasCode(err, "saga.forward") {
		t.Errorf("got %v", err)
	}
	check(w, "status", w.state(engine, "1").Status, saga.Waiting)
}

// TestTakenOutOfItsHands: an instance that is within a step while an operator turns the saga round can commit no more.
func TestTakenOutOfItsHands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	frozen, thaw := make(chan struct{}), make(chan struct{})
	d := deps(w.pool)
	d.Lease = time.Hour // nobody else would take it
	d.Crash = func(_, entry string, phase saga.Phase) {
		if entry == "done live" && phase == saga.AfterCommit {
			close(frozen)
			<-thaw
		}
	}
	w.rooms(always)
	first := w.run(d, start())
	w.begin(first, "1")
	<-frozen
	if err := first.TurnRound(w.ctx, "start", "1", "operator", "enough"); err != nil {
		t.Fatal(err)
	}
	close(thaw)
	second := w.run(deps(w.pool), start())
	check(w, "status", w.over(second, "1").Status, saga.Cancelled)
	check(w, "effects", w.effects("1"), "live, close, not live")
}

// TestListed pages through sagas, open and over.
func TestListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rooms(func(id string, _ int) string {
		if id < "3" {
			return ""
		}
		return "room.opened"
	})
	engine := w.run(deps(w.pool), impatient(time.Hour))
	for n := range 6 {
		w.begin(engine, fmt.Sprint(n))
	}
	for n := 3; n < 6; n++ {
		w.over(engine, fmt.Sprint(n))
	}
	for n := range 3 {
		w.until(engine, fmt.Sprint(n), saga.Waiting)
	}
	for _, open := range []bool{true, false} {
		var ids []string
		q := saga.Query{Open: open, Most: 2}
		for {
			some, err := engine.List(w.ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(some) == 0 {
				break
			}
			for _, s := range some {
				if s.Over() == open || s.BegunAt.IsZero() {
					t.Errorf("listed with open=%v: %+v", open, s)
				}
				ids = append(ids, s.ID)
			}
			q.After = some[len(some)-1]
		}
		if open && !slices.Equal(ids, []string{"0", "1", "2"}) {
			t.Errorf("open are %q", ids)
		}
		slices.Sort(ids)
		if !open && !slices.Equal(ids, []string{"3", "4", "5"}) {
			t.Errorf("over are %q", ids)
		}
	}
	// Another service sees none of them.
	other, err := saga.New(deps(w.database.Pool("livewebinar")), start())
	if err != nil {
		t.Fatal(err)
	}
	if some, err := other.List(w.ctx, saga.Query{Open: true, Most: 10}); err != nil || len(some) > 0 {
		t.Errorf("another service lists %d, %v", len(some), err)
	}
}

package scheduler_test

import (
	"slices"
	"testing"
	"time"

	schedulerpb "github.com/rounds-cme/rounds/contract/scheduler/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// TestLiveWebinarIsCalledOff: its room closes, it does not end, and nothing of it is due any more.
func TestLiveWebinarIsCalledOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.others()
	w.instance(nil)
	id := w.plan(0, 30)
	w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
	w.callOff(id)
	w.callOff(id) // Twice is once.
	w.until("it to be called off", func() bool { return slices.Contains(w.history(id), "cancel.completed") })
	w.clock.add(time.Hour)
	other := w.plan(0, 30)
	w.until("another one to start", func() bool { return slices.Contains(w.history(other), "start.completed") })
	want := []string{
		"start.requested", "room.opened", "webinar.live", "start.completed", "cancel.requested", "cancel.requested", "cancel.prepared",
		"cancel.accepted", "end.requested", "room.closed", "cancel.completed",
	}
	got := slices.DeleteFunc(w.history(id), func(kind string) bool { return kind == "cancel.requested" })
	if want = slices.DeleteFunc(want, func(kind string) bool { return kind == "cancel.requested" }); !slices.Equal(got, want) {
		t.Errorf("happened %v\n    want %v", got, want)
	}
	if w.timers(id, "end", "waiting") != 0 || w.state(id) != "cancelled" {
		t.Errorf("it is %s, and its end is still to come", w.state(id))
	}
}

// TestWhatCannotBeCalledOffGoesOn: data management refuses, so the webinar ends in its time, and the saga says why.
func TestWhatCannotBeCalledOffGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse.Store(true)
	w.others()
	w.instance(nil)
	id := w.plan(0, 30)
	w.until("the start", func() bool { return slices.Contains(w.history(id), "start.completed") })
	w.callOff(id)
	w.until("it to go on", func() bool { return slices.Contains(w.history(id), "cancel.failed") })
	w.clock.add(30 * time.Minute)
	w.until("the end", func() bool { return slices.Contains(w.history(id), "end.completed") })
	ctx, sagas := w.operator()
	saga, _ := w.timeline(ctx, sagas, "webinar.cancel:"+id.String())
	if saga.GetStatus() != "cancelled" || saga.GetReason() != "webinar.ended" {
		t.Errorf("it is %s because of %q", saga.GetStatus(), saga.GetReason())
	}
}

// TestCallingOffCanBeGivenUpUntilItIsDone: an operator gives it up while data management does not answer; when the room is being closed
// there is no way back. What was given up may be called off again, also at once.
func TestCallingOffCanBeGivenUpUntilItIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.answerRooms()
	w.instance(func(c *scheduler.Config) { c.StartTimeout, c.EndTimeout = time.Hour, time.Hour })
	up, done := w.plan(0, 30), w.plan(0, 30)
	w.until("both starts", func() bool {
		return slices.Contains(w.history(up), "start.completed") && slices.Contains(w.history(done), "start.completed")
	})
	stop()
	w.callOff(up)
	w.until("data management to be asked", func() bool { return slices.Contains(w.history(up), "cancel.prepared") })
	ctx, sagas := w.operator()
	give := func(id string) error {
		_, err := sagas.Compensate(ctx, &schedulerpb.SagaCompensateRequest{Id: "webinar.cancel:" + id, Reason: "It is held after all."})
		return err
	}
	if err := give(up.String()); err != nil {
		t.Fatal(err)
	}
	w.until("it to go on", func() bool {
		return slices.Contains(w.history(up), "cancel.failed") && w.timers(up, "end", "waiting") == 1
	})

	w.callOff(up)
	w.answerCancel()
	w.until("it to be called off at last", func() bool { return slices.Contains(w.history(up), "end.requested") })
	again, entries := w.timeline(ctx, sagas, "webinar.cancel:"+up.String())
	begun := 0
	for _, e := range entries {
		if e == "begun" {
			begun++
		}
	}
	if again.GetStatus() == "cancelled" || begun != 2 {
		t.Errorf("it is %s and was begun %d times", again.GetStatus(), begun)
	}
	w.callOff(done)
	w.until("the room to be asked", func() bool { return slices.Contains(w.history(done), "end.requested") })
	if err := give(done.String()); !errs.HasCode(err, "saga.forward") {
		t.Errorf("after it was called off: %v", err)
	}
}

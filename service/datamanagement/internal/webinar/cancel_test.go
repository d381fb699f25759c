package webinar_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
)

// TestLiveWebinarIsCalledOffWhenThatIsSure: the wish is only noted; the saga asks when nothing can end it any more, and everybody is told
// once, however often it asks. One that has ended meanwhile is not called off, and a wish that was given up is not taken again.
func TestLiveWebinarIsCalledOffWhenThatIsSure(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	d.begin()
	off, over, given := d.planned(admin), d.planned(admin), d.planned(admin)
	d.exec(`UPDATE datamanagement.webinar SET state = 'live', started_at = now(), frozen_rule = '{}'`)
	ask := func(webinar string) error {
		_, err := d.CancelWebinar(admin, &datamanagementpb.CancelWebinarRequest{RequestId: id(), Id: webinar, Reason: "The speaker is ill."})
		return err
	}
	for _, webinar := range []string{off, off, over, given} {
		if err := ask(webinar); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'cancel.requested'`); n != 3 {
		t.Errorf("asked %d times for three", n)
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.webinar WHERE state = 'live'`); n != 3 {
		t.Errorf("%d of three go on until it is sure", n)
	}
	d.exec(`UPDATE datamanagement.webinar SET state = 'ended', ended_at = now() WHERE id = $1`, over)
	for range 2 {
		d.asScheduler(off, &eventpb.CancelPrepared{WebinarId: off})
	}
	d.asScheduler(over, &eventpb.CancelPrepared{WebinarId: over})
	d.asScheduler(given, &eventpb.CancelFailed{WebinarId: given})
	d.until("the answers", `SELECT count(*) FROM eventlog.event WHERE type IN ('cancel.accepted', 'cancel.refused')`, 3)
	d.until("the wish to be dropped", `SELECT count(*) FROM datamanagement.webinar WHERE state = 'live' AND cancel_reason = ''`, 1)
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'cancel.refused' AND payload->>'reason' = 'webinar.ended'`); n != 1 {
		t.Errorf("refused %d times", n)
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'webinar.cancelled'`); n != 1 {
		t.Errorf("told %d times", n)
	}
	if n := d.count(`SELECT count(*) FROM scheduler.plan WHERE webinar_id = $1 AND cancelled`, off); n != 1 {
		t.Error("its timers go on")
	}
	for range 2 { // what was given up may be asked for again, once
		if err := ask(given); err != nil {
			t.Error(err)
		}
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'cancel.requested'`); n != 4 {
		t.Errorf("asked %d times, want 4", n)
	}
	refused(t, ask(over), "webinar.not_planned")
}

// begin has the subdomain listen until the test ends.
func (d *desk) begin() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, w := range d.work {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = w.Run(ctx)
			}
		})
	}
	d.t.Cleanup(func() { cancel(); all.Wait() })
}

func (d *desk) asScheduler(webinar string, m proto.Message) {
	d.t.Helper()
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	pool := d.db.Pool("scheduler")
	log := eventlog.New(pool, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), types)
	err := db.Tx(d.t.Context(), pool, func(tx pgx.Tx) error {
		return log.Append(d.t.Context(), tx, eventlog.Event{Stream: "webinar/" + webinar, ExpectedVersion: eventlog.Any, Message: m})
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) until(what, sql string, want int) {
	d.t.Helper()
	for end := time.Now().Add(30 * time.Second); d.count(sql) != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("waited in vain for %s", what)
		}
	}
}

package points_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
)

// An appeal that is granted while another webinar of the same day is being evaluated stays below the cap of the day with it.
func TestAppealWaitsForAnEvaluation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person, later := w.person(), began.Add(2*time.Hour)
	failed, passed := w.webinar(began, 600), w.webinar(later, 600)
	w.watched(failed, person, began, 40)
	w.watched(passed, person, later, 60)
	stop := w.start()
	w.ended(failed)
	w.evaluated(failed, 1)
	stop()
	id := w.appeal(failed, person)

	w.ended(passed)
	held, err := w.admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(context.WithoutCancel(t.Context())) }()
	// The last thing that an evaluation writes is an event, so it stops there, with its results written and not committed.
	if _, err := held.Exec(t.Context(), `LOCK TABLE eventlog.event IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.waiting(1)
	decided := make(chan error, 1)
	s, admin := w.server(), w.administrator()
	go func() {
		_, err := s.DecideAppeal(admin, &datamanagementpb.DecideAppealRequest{
			RequestId: uuid.NewString(), Id: id, Grant: true, Answer: "Yes.",
			Amendment: &datamanagementpb.Amendment{Watched: []*datamanagementpb.AmendedSpan{{From: timestamppb.New(began), To: timestamppb.New(began.Add(time.Hour))}}},
		})
		decided <- err
	}()
	w.waiting(2)
	if err := held.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.evaluated(passed, 1)
	if err := <-decided; err != nil {
		t.Fatal(err)
	}
	n := w.count(`SELECT (SELECT sum(hundredths) FROM datamanagement.attendance_result) + (SELECT sum(hundredths) FROM datamanagement.appeal)`)
	if n != 800 {
		t.Errorf("%d hundredths on a day whose cap is 800", n)
	}
}

// waiting waits until so many transactions wait for a lock of another.
func (w *world) waiting(many int) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == many {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain for %d transactions to wait", many)
		}
	}
}

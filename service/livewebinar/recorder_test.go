package livewebinar

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// TestOneRefusedRecord has the database refuse one line of the watch log: all others are written, in their order, and nothing
// waits behind it.
func TestOneRefusedRecord(t *testing.T) {
	t.Parallel()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), Schema())
	r := newRecorder(uuid.New(), base.Pool("livewebinar"), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	webinar, account, at := uuid.New(), uuid.New(), time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	for i := range 100 {
		stream := "one"
		if i == 37 {
			stream = strings.Repeat("x", 61) // longer than the table allows
		}
		r.beat(room.Beat{
			Beat:    credit.Beat{Stream: stream, Sequence: int64(i), At: at.Add(time.Duration(i) * time.Second), Event: credit.Playing},
			Webinar: webinar, Account: account,
		})
		r.check(room.CheckRow{Check: credit.Check{Number: i, Due: at}, Webinar: webinar, Account: account}) // number 0 is refused
	}
	if err := r.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := base.Admin().Query(t.Context(), `SELECT sequence FROM livewebinar.beat ORDER BY ctid`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	for i := range int64(100) {
		if i != 37 {
			want = append(want, i)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("written %v", got)
	}
	var checks int
	if err := base.Admin().QueryRow(t.Context(), `SELECT count(*) FROM livewebinar.presence_check`).Scan(&checks); err != nil || checks != 99 {
		t.Errorf("%d checks written, %v", checks, err)
	}
	if r.waiting.size() != 0 {
		t.Errorf("%d records still wait", r.waiting.size())
	}
}

// TestChecksOfWhoWatches counts the answers of the audience: a host at the console was asked as well, and could not answer.
func TestChecksOfWhoWatches(t *testing.T) {
	t.Parallel()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), Schema())
	r := newRecorder(uuid.New(), base.Pool("livewebinar"), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	webinar, at := uuid.New(), time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	for _, player := range []credit.Event{credit.Playing, credit.Paused} {
		account := uuid.New()
		r.beat(room.Beat{Beat: credit.Beat{Stream: "one", Sequence: 1, At: at, Event: player}, Webinar: webinar, Account: account})
		r.check(room.CheckRow{Check: credit.Check{Number: 1, Due: at, Sent: at, Delivered: at}, Webinar: webinar, Account: account})
	}
	if err := r.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := store.New(base.Pool("livewebinar")).ChecksEnded(t.Context(), store.ChecksEndedParams{WebinarID: webinar, After: at.Add(-time.Minute), Until: at})
	if err != nil || len(rows) != 1 {
		t.Errorf("%d checks, %v", len(rows), err)
	}
}

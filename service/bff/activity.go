package bff

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
)

// The BFF is the only one who knows that an article was really read, and it may write nowhere. So it remembers the reading and
// tells data management soon after, many at once. A figure is worth less than a page: noting never waits and never fails, and
// what no longer fits in is dropped and counted. A crash loses what was noted in the last moments.
//
//	page ──note──> buffer ──batch, each half second──> data management ──> queue ──> statistics
//	                  └── full: dropped, counted in rounds_bff_activity_dropped_total
const (
	noted       = 4096 // two seconds of reading at the speed that the article page is built for
	reportMost  = 500
	reportEvery = 500 * time.Millisecond
	reportAgain = 2 * time.Second // after a failure
	reportLast  = time.Second     // for what is left when the service stops
)

type reporter struct {
	to      datamanagementpb.ActivitiesClient
	log     *slog.Logger
	now     func() time.Time
	buffer  chan *datamanagementpb.Done
	dropped *prometheus.CounterVec
}

func newReporter(to datamanagementpb.ActivitiesClient, log *slog.Logger, now func() time.Time, metrics prometheus.Registerer) *reporter {
	return &reporter{
		to: to, log: log, now: now, buffer: make(chan *datamanagementpb.Done, noted),
		dropped: obs.Counter(metrics, "rounds_bff_activity_dropped_total", "Readings and searches that the statistics will never hear of.", "why"),
	}
}

// note remembers what the person asking has just done. Visitors are nobody to the statistics.
func (r *reporter) note(ctx context.Context, kind eventpb.ActivityKind, article string) {
	who, ok := token.From(ctx)
	if !ok || who.Account == uuid.Nil {
		return
	}
	select {
	case r.buffer <- &datamanagementpb.Done{Kind: kind, AccountId: who.Account.String(), ArticleId: article, At: timestamppb.New(r.now())}:
	default:
		r.dropped.WithLabelValues("full").Inc()
	}
}

// run reports until ctx ends, then once more what is left.
func (r *reporter) run(ctx context.Context) error {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			r.drain(ctx)
			return nil
		case <-tick.C:
		}
		for batch := r.batch(); len(batch) > 0 && ctx.Err() == nil; batch = r.batch() {
			r.deliver(ctx, batch)
		}
	}
}

// drain reports what is left when the service stops, if that goes quickly.
func (r *reporter) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportLast)
	defer cancel()
	for batch := r.batch(); len(batch) > 0 && ctx.Err() == nil; batch = r.batch() {
		r.report(ctx, batch)
	}
}

// batch takes what is there, once: somebody who loads a page ten times has read it once.
func (r *reporter) batch() []*datamanagementpb.Done {
	type reading struct{ account, article, day string }
	known := map[reading]bool{}
	var batch []*datamanagementpb.Done
	for len(batch) < reportMost {
		select {
		case one := <-r.buffer:
			key := reading{one.GetAccountId(), one.GetArticleId(), one.GetAt().AsTime().Format(time.DateOnly)}
			if one.GetArticleId() != "" && known[key] {
				continue
			}
			known[key] = true
			batch = append(batch, one)
		default:
			return batch
		}
	}
	return batch
}

// deliver reports a batch, again and again while data management is away; meanwhile the buffer fills, and then drops.
func (r *reporter) deliver(ctx context.Context, batch []*datamanagementpb.Done) {
	for !r.report(ctx, batch) {
		select {
		case <-ctx.Done():
			r.dropped.WithLabelValues("stopped").Add(float64(len(batch)))
			return
		case <-time.After(reportAgain):
		}
	}
}

// report is false when it makes sense to try again.
func (r *reporter) report(ctx context.Context, batch []*datamanagementpb.Done) bool {
	ctx, unit := obs.Start(ctx, r.log, "work", "activity.report")
	_, err := r.to.ReportActivities(ctx, &datamanagementpb.ReportActivitiesRequest{Done: batch})
	unit.Set("activities", len(batch)).End(err)
	if err == nil {
		return true
	}
	if kind := errs.Of(errs.FromStatus(err)).Kind; kind == errs.Invalid || kind == errs.Forbidden {
		r.dropped.WithLabelValues("refused").Add(float64(len(batch))) // it will be refused the next time too
		return true
	}
	return false
}

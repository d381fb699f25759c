package livewebinar

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// Why a time is held against nobody.
const (
	reasonNotServed = "not_served"
	reasonLost      = "connections_lost"
)

// watchOver is what the keeper writes down of a room, once a second: an incident that is going on, and how many are there.
func (s *server) watchOver(ctx context.Context, l *live) error {
	q, now := store.New(s.rooms.pool), s.now()
	if span, is := l.Incident(now); is {
		err := q.IncidentGrow(ctx, store.IncidentGrowParams{WebinarID: l.Webinar, FromAt: span.From, ToAt: span.To, Reason: reasonLost})
		if err != nil {
			return fmt.Errorf("write incident: %w", err)
		}
		s.log.Warn("many lost their connection", "webinar", l.Webinar, "from", span.From, "to", span.To, "viewers", l.Viewers())
	}
	minute := now.Truncate(time.Minute)
	l.sample.add(minute, l.Viewers())
	for _, m := range l.sample.due(now) {
		if err := s.sampleMinute(ctx, q, l, m); err != nil {
			return err
		}
	}
	return nil
}

// sampled is the minutes of a room that are not written yet, or may still grow.
type sampled struct {
	most    map[time.Time]int
	written time.Time // when the last was
}

// sampleEvery is how often the minute that goes on is written down.
const sampleEvery = 10 * time.Second

func (m *sampled) add(minute time.Time, viewers int) {
	if m.most == nil {
		m.most = map[time.Time]int{}
	}
	m.most[minute] = max(m.most[minute], viewers)
}

// due are the minutes to be written now; those that have passed for the last time.
func (m *sampled) due(now time.Time) []minuteOf {
	if now.Sub(m.written) < sampleEvery && len(m.most) < 2 {
		return nil
	}
	m.written = now
	var list []minuteOf
	for minute, viewers := range m.most {
		list = append(list, minuteOf{at: minute, viewers: viewers})
		if now.Sub(minute) > 2*time.Minute { // answers of its last second have come
			delete(m.most, minute)
		}
	}
	return list
}

type minuteOf struct {
	at      time.Time
	viewers int
}

func (s *server) sampleMinute(ctx context.Context, q *store.Queries, l *live, m minuteOf) error {
	window := l.Rule.CheckWindow.Duration()
	rows, err := q.ChecksEnded(ctx, store.ChecksEndedParams{WebinarID: l.Webinar, After: m.at.Add(-window), Until: m.at.Add(time.Minute - window)})
	if err != nil {
		return fmt.Errorf("count checks: %w", err)
	}
	sample := store.SampleSaveParams{WebinarID: l.Webinar, Minute: m.at, Viewers: number(m.viewers), Checks: number(len(rows))}
	for _, row := range rows {
		if row.AnsweredAt != nil && !row.AnsweredAt.After(row.DeliveredAt.Add(window)) {
			sample.Answered++
		}
	}
	if err := q.SampleSave(ctx, sample); err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	return nil
}

// pulse is how the room has been, for hosts.
func (s *server) pulse(ctx context.Context, at stage, _ *livewebinarpb.PulseRequest) (proto.Message, error) {
	samples, incidents, err := s.rooms.course(ctx, at.webinar)
	return &livewebinarpb.PulseResponse{Samples: samples, Incidents: incidents}, err
}

// course is how many were in a room, minute by minute, and when that was not their fault.
func (s *rooms) course(ctx context.Context, webinar uuid.UUID) ([]*livewebinarpb.Sample, []*livewebinarpb.Incident, error) {
	q := store.New(s.pool)
	minutes, err := q.SampleList(ctx, webinar)
	if err != nil {
		return nil, nil, fmt.Errorf("read samples: %w", err)
	}
	troubles, err := q.IncidentsOf(ctx, []uuid.UUID{webinar})
	if err != nil {
		return nil, nil, fmt.Errorf("read incidents: %w", err)
	}
	samples, incidents := make([]*livewebinarpb.Sample, len(minutes)), make([]*livewebinarpb.Incident, len(troubles))
	for i, row := range minutes {
		samples[i] = &livewebinarpb.Sample{At: stamp(row.At), Viewers: row.Viewers, Checks: row.Checks, Answered: row.Answered}
	}
	for i, row := range troubles {
		incidents[i] = &livewebinarpb.Incident{From: stamp(row.FromAt), To: stamp(row.ToAt), Reason: row.Reason}
	}
	return samples, incidents, nil
}

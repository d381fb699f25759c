package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/token"
)

// play is what people do while things are killed: webinars are planned, moved, called off, held and ended, members comment and follow, points
// are requested and booked.
type play struct {
	house *house
	chief *person
	cast  []*person
	dice  *rand.Rand
	lead  time.Duration

	said, heard atomic.Int64 // comments that were acknowledged, by number
	comments    sync.Map     // body -> whether it was acknowledged
	planned     atomic.Int64
	asked       atomic.Int64 // people for whom points were requested
	booked      atomic.Int64 // and whose booking was acknowledged
	all         sync.WaitGroup
}

// watchers is how many people are in each room.
const watchers = 5

func newPlay(h *house, c *command) (*play, error) {
	p := &play{house: h, lead: c.Lead, dice: rand.New(rand.NewPCG(c.Seed, 2))} //nolint:gosec // it is to come again
	var err error
	if p.chief, err = h.person(chief, "10.1.0.1", token.Member, token.Administrator); err != nil {
		return nil, err
	}
	for n, row := range h.all(`SELECT id::text FROM datamanagement.account WHERE email LIKE 'p%' ORDER BY email LIMIT 8`) {
		member, err := h.person(row[0], fmt.Sprintf("10.0.0.%d", n+1), token.Member)
		if err != nil {
			return nil, err
		}
		p.cast = append(p.cast, member)
	}
	return p, nil
}

// begin has everybody act until ctx ends; what was begun is brought to its end after that.
func (p *play) begin(ctx context.Context) {
	p.all.Go(func() { p.schedule(ctx) })
	for n, member := range p.cast {
		p.all.Go(func() { p.talk(ctx, n, member) })
	}
}

// talk comments and follows, again and again.
func (p *play) talk(ctx context.Context, who int, member *person) {
	for n := 0; ctx.Err() == nil; n++ {
		body := fmt.Sprintf("comment %d of %d", n, who)
		p.comments.Store(body, false)
		p.said.Add(1)
		if member.do(context.WithoutCancel(ctx), http.MethodPost, "/api/articles/"+article+"/comments", map[string]any{"body": body}, nil) {
			p.comments.Store(body, true)
			p.heard.Add(1)
		}
		follow := "/api/me/subscriptions"
		if n%2 == 1 {
			follow += "/end"
		}
		member.do(ctx, http.MethodPost, follow, map[string]any{"kind": "lecturer", "targetId": teacher}, nil)
		wait(ctx, 200*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// schedule plans one webinar after the other; each goes its own way.
func (p *play) schedule(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		way := p.dice.IntN(10)
		if n == 0 {
			way = first
		}
		if w := p.plan(ctx, n, way); w != nil {
			p.all.Go(func() { p.hold(ctx, w) })
		}
		wait(ctx, time.Second)
	}
}

// plan plans a webinar that begins soon. One that is planned while everything is down is planned late.
func (p *play) plan(ctx context.Context, n, way int) *webinar {
	starts := p.lead + time.Duration(2+p.dice.IntN(3))*time.Second
	var made struct{ ID, Slug string }
	if !p.chief.do(ctx, http.MethodPost, "/api/plans", map[string]any{
		"title": fmt.Sprintf("Webinar %d", n), "description": "D", "lecturerId": teacher, "categoryId": heart, "creditRuleId": rule,
		"start": start(starts), "minutes": 30, "hundredths": 150, "videoUrl": "/clip.mp4",
	}, &made) {
		return nil
	}
	p.planned.Add(1)
	return &webinar{made.ID, made.Slug, n, way}
}

func start(in time.Duration) map[string]any {
	return map[string]any{"time": time.Now().Add(in).UTC().Format("2006-01-02T15:04:05"), "zone": "UTC"}
}

// webinar is one that was planned.
type webinar struct {
	id, slug string
	n, way   int // which it is, and what becomes of it
}

// first is the way of the first webinar, which is held whatever happens; one goes live and is called off then; one is to be called off, which
// data management refuses.
const (
	first     = 10
	whileLive = 9
	refused   = 11
)

// hold brings one webinar to its end: called off at once, moved and then held, or held.
func (p *play) hold(ctx context.Context, w *webinar) {
	id, way := w.id, w.way
	if way < 2 {
		wait(ctx, p.lead)
		p.callOff(id)
		return
	}
	if way < 4 {
		wait(ctx, p.lead/2)
		p.move(id)
	}
	end := context.WithoutCancel(ctx)
	until(func() bool {
		if ctx.Err() != nil && w.way != first {
			p.callOff(id) // nobody waits for it any more; when it has gone live meanwhile, it is called off live
		}
		return p.state(id) != "planned"
	})
	if p.state(id) != "live" {
		return // what is stuck is found by rounds verify
	}
	p.watch(w)
	wait(ctx, 2*time.Second)
	if way == whileLive {
		p.callOff(id)
		return
	}
	if way == refused {
		p.askInVain(end, id)
	}
	until(func() bool {
		p.chief.do(end, http.MethodPost, "/api/plans/"+id+"/end", map[string]any{}, nil)
		return p.state(id) != "live"
	})
	p.points(end, w)
}

func (p *play) state(id string) string {
	return p.house.all(`SELECT state FROM datamanagement.webinar WHERE id = $1`, id)[0][0]
}

func (p *play) callOff(id string) {
	p.chief.do(context.Background(), http.MethodPost, "/api/plans/"+id+"/cancel", map[string]any{"reason": "The lecturer is ill"}, nil)
}

// askInVain asks for a webinar to be called off of which nobody wished that, as if the wish had been withdrawn meanwhile.
func (p *play) askInVain(ctx context.Context, id string) {
	log := eventlog.New(p.house.pool, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), eventlog.Types{"cancel.requested": &eventpb.CancelRequested{}})
	err := db.Tx(ctx, p.house.pool, func(tx pgx.Tx) error {
		return log.Append(ctx, tx, eventlog.Event{
			Stream: "webinar/" + id, ExpectedVersion: eventlog.Any, Message: &eventpb.CancelRequested{WebinarId: id},
		})
	})
	if err != nil {
		p.house.t.Error(err)
	}
	until(func() bool {
		return p.house.number(`SELECT count(*) FROM eventlog.event WHERE type = 'cancel.failed' AND stream = $1`, "webinar/"+id) > 0
	})
}

func (p *play) move(id string) {
	var plan struct{ Version int32 }
	ctx := context.Background()
	if p.chief.do(ctx, http.MethodGet, "/api/plans/"+id, map[string]any{}, &plan) {
		p.chief.do(ctx, http.MethodPost, "/api/plans/"+id+"/move", map[string]any{"version": plan.Version, "start": start(p.lead + 3*time.Second), "minutes": 30}, nil)
	}
}

// watch has some people be there for ten minutes, written as the room writes it, since nobody waits ten minutes. Each room has its own
// people: who is in two at once earns once.
func (p *play) watch(w *webinar) {
	id := w.id
	until(func() bool {
		return p.house.number(`SELECT count(*) FROM livewebinar.room WHERE webinar_id = $1 AND state = 'open'`, id) > 0 || p.state(id) != "live"
	})
	p.house.exec(`UPDATE livewebinar.room SET opened_at = opened_at - interval '10 minutes' WHERE webinar_id = $1 AND state = 'open'
		AND NOT EXISTS (SELECT FROM livewebinar.beat b WHERE b.webinar_id = $1)`, id)
	p.house.exec(`INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
		SELECT r.webinar_id, a.id, 's', n, CASE WHEN n = 0 THEN 'joined' ELSE 'playing' END, r.opened_at + n * interval '15 seconds', 0, false
		FROM livewebinar.room r, (SELECT id FROM datamanagement.account WHERE email LIKE 'p%' ORDER BY email
			LIMIT $2 OFFSET $2 * ($3 % ((SELECT count(*) FROM datamanagement.account WHERE email LIKE 'p%') / $2))) a, generate_series(0, 40) n
		WHERE r.webinar_id = $1 AND r.state = 'open' ON CONFLICT DO NOTHING`, id, watchers, w.n)
}

// points requests what was earned, and has the agency say yes.
func (p *play) points(ctx context.Context, w *webinar) {
	id, slug := w.id, w.slug
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	until(func() bool {
		return p.house.number(`SELECT count(*) FROM datamanagement.webinar WHERE id = $1 AND evaluated_at IS NOT NULL`, id) > 0
	})
	var sum struct{ Viewers, Qualified, Hundredths int32 }
	var request struct{ ID string }
	if !p.chief.do(ctx, http.MethodGet, "/api/webinars/"+slug+"/points", map[string]any{}, &sum) || sum.Qualified == 0 {
		return
	}
	if !p.chief.do(ctx, http.MethodPost, "/api/webinars/"+id+"/points/requests", map[string]any{
		"viewers": sum.Viewers, "qualified": sum.Qualified, "hundredths": sum.Hundredths,
	}, &request) {
		return
	}
	p.asked.Add(int64(sum.Qualified))
	for ctx.Err() == nil {
		if p.chief.do(ctx, http.MethodPost, "/api/points/requests/"+request.ID+"/answer", map[string]any{
			"accepted": true, "day": time.Now().UTC().Format(time.DateOnly), "reference": "A-1",
		}, nil) {
			p.booked.Add(int64(sum.Qualified))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

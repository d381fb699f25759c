package livewebinar

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"google.golang.org/protobuf/encoding/protojson"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// headlines are the webinars that the pages connected here were told are live. Pages are told by the instance that hears the event, by
// the wire, and, when neither reached them, by what the database says a second later.
type headlines struct {
	mu   sync.Mutex
	live map[uuid.UUID]bool
}

// told notes what pages here are told; false when they know it.
func (h *headlines) told(webinar uuid.UUID, live bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.live[webinar] == live {
		return false
	}
	if !live {
		delete(h.live, webinar)
		return true
	}
	if h.live == nil {
		h.live = map[uuid.UUID]bool{}
	}
	h.live[webinar] = true
	return true
}

// doubtful are the webinars of which it has to be looked up whether pages here must be told: those that are open and nobody was told
// so, and those that are open no more.
func (h *headlines) doubtful(open map[uuid.UUID]time.Time) []uuid.UUID {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := slices.Collect(maps.Keys(open))
	ids = slices.DeleteFunc(ids, func(webinar uuid.UUID) bool { return h.live[webinar] })
	for webinar := range h.live {
		if _, still := open[webinar]; !still {
			ids = append(ids, webinar)
		}
	}
	return ids
}

// tellFront tells those who are connected here which webinars have gone live, have ended, or are planned again because their start was
// undone, if they do not know it, whoever did it.
func (s *server) tellFront(ctx context.Context, open map[uuid.UUID]time.Time) error {
	ids := s.headlines.doubtful(open)
	if len(ids) == 0 {
		return nil
	}
	rows, err := store.New(s.rooms.pool).WebinarStates(ctx, ids)
	if err != nil {
		return fmt.Errorf("read webinars: %w", err)
	}
	for _, w := range rows {
		_, is := open[w.WebinarID]
		if is != (w.State == webinarLive) {
			continue // the one follows the other in a moment, and pages that ask now would be shown what was
		}
		if s.headlines.told(w.WebinarID, is) {
			s.hand(frontChannel, &livewebinarpb.FrontPush{WebinarId: w.WebinarID.String(), State: w.State, Slug: w.Slug, Title: w.Title})
		}
	}
	return nil
}

// heardFront notes what the pages here are told by another instance.
func (s *server) heardFront(data []byte) {
	push := &livewebinarpb.FrontPush{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, push); err != nil {
		s.log.Error("news of another instance could not be read", "error", err)
		return
	}
	if webinar, err := uuid.Parse(push.GetWebinarId()); err == nil {
		s.headlines.told(webinar, push.GetState() == webinarLive)
	}
}

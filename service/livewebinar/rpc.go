package livewebinar

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// rpc is what other services may ask.
type rpc struct {
	livewebinarpb.UnimplementedLiveWebinarServer

	*server
}

const mostAsked = 100

// Status tells which rooms are open and how many people are in them.
func (a *rpc) Status(ctx context.Context, q *livewebinarpb.StatusRequest) (*livewebinarpb.StatusResponse, error) {
	if len(q.GetWebinarIds()) > mostAsked {
		return nil, errs.New(errs.Invalid, "room.too_many", "At most 100 webinars can be asked for at once.")
	}
	ids := parseIDs(q.GetWebinarIds())
	rows, err := store.New(a.rooms.pool).RoomList(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	behind, err := store.New(a.rooms.pool).BackstageList(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list hosts: %w", err)
	}
	byID := map[string]*livewebinarpb.RoomStatus{}
	for _, row := range rows {
		l := a.rooms.holding(row.WebinarID)
		present := 0
		if l != nil {
			present = l.Viewers()
		}
		byID[row.WebinarID.String()] = roomStatusPB(row, present, l != nil)
	}
	reply := livewebinarpb.StatusResponse{Hosts: make(map[string]int32, len(behind))}
	for _, row := range behind {
		reply.Hosts[row.WebinarID.String()] = row.Hosts
	}
	for _, id := range q.GetWebinarIds() {
		if s := byID[id]; s != nil {
			reply.Rooms = append(reply.Rooms, s)
		}
	}
	return &reply, nil
}

// Door tells what stands at the door of a room.
func (a *rpc) Door(ctx context.Context, q *livewebinarpb.DoorRequest) (*livewebinarpb.DoorResponse, error) {
	w, err := store.New(a.rooms.pool).WebinarBySlug(ctx, q.GetSlug())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNone()
	}
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	door := &livewebinarpb.DoorResponse{WebinarId: w.WebinarID.String(), Title: w.Title, State: w.State, StartsAt: stamp(w.StartsAt)}
	if w.State == webinarLive {
		door.VideoUrl = w.VideoUrl
	}
	if door.Host, err = a.host(ctx, w.HostID); err != nil && !errs.HasCode(err, "room.members") {
		return nil, err
	}
	return door, nil
}

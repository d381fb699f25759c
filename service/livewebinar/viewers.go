package livewebinar

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

const viewersMost, viewersUsual = 100, 50

// viewers is the list of who is in the room, on any instance, for hosts alone.
func (s *server) viewers(ctx context.Context, at stage, q *livewebinarpb.ViewersRequest) (proto.Message, error) {
	limit := int(q.GetLimit())
	if limit <= 0 || limit > viewersMost {
		limit = viewersUsual
	}
	seats := named(at.live.Seats(), q.GetSearch())
	reply := &livewebinarpb.ViewersResponse{Total: number(len(seats))}
	from := 0
	if after := pageOf(q.GetAfter()); after != "" {
		for from < len(seats) && placeOf(seats[from]) <= after {
			from++
		}
	}
	page := seats[from:min(len(seats), from+limit)]
	if from+limit < len(seats) {
		reply.Next = base64.RawURLEncoding.EncodeToString([]byte(placeOf(page[limit-1])))
	}
	for _, seat := range page {
		v, err := s.viewerOf(ctx, at.live, seat)
		if err != nil {
			return nil, err
		}
		reply.Viewers = append(reply.Viewers, v)
	}
	return reply, nil
}

func named(seats []room.Seat, search string) []room.Seat {
	search = strings.ToLower(strings.TrimSpace(search))
	if search == "" {
		return seats
	}
	var some []room.Seat
	for _, seat := range seats {
		if strings.Contains(strings.ToLower(seat.Name), search) {
			some = append(some, seat)
		}
	}
	return some
}

// placeOf is where a person stands in the list; the order is that of the room.
func placeOf(seat room.Seat) string {
	return strings.ToLower(seat.Name) + "\x00" + string(seat.Account[:])
}

func pageOf(after string) string {
	text, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return ""
	}
	return string(text)
}

// viewerOf adds the meter. Of who is on another instance only, the past is read when a host first looks.
func (s *server) viewerOf(ctx context.Context, l *live, seat room.Seat) (*livewebinarpb.Viewer, error) {
	v := &livewebinarpb.Viewer{
		AccountId: seat.Account.String(), Name: seat.Name, Profession: seat.Profession, Host: seat.Host,
		Devices: number(seat.Devices), Player: string(seat.Player),
	}
	if err := s.recall(ctx, l, seat.Account); err != nil {
		return nil, err
	}
	if c, known := l.Meter(s.now(), seat.Account); known {
		v.WatchedSeconds, v.ChecksAnswered, v.ChecksMissed = number(c.Watched), number(c.Checks.Answered), number(c.Checks.Missed)
	}
	return v, nil
}

func (s *server) recall(ctx context.Context, l *live, account uuid.UUID) error {
	if l.Knows(account) {
		return nil
	}
	past, err := s.rooms.pastOf(ctx, l.Webinar, account)
	if err != nil {
		return err
	}
	l.Recall(account, past)
	return nil
}

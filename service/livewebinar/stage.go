package livewebinar

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// stage is where somebody acts: the board of a webinar, and the room if it is open.
type stage struct {
	caller

	webinar       uuid.UUID
	board         *board
	live          *live // nil before the room is open
	person        room.Person
	administrator bool
}

// Who may call a method, in the words of README.md.
const (
	whoMembers  = "members"
	whoSeated   = "who is in the room"
	whoHosts    = "hosts"
	whoPrepares = "hosts, also before"
	whoEither   = "who is in the room; hosts, also before"
)

// call is how a method is carried out.
type call func(s *server, ctx context.Context, c caller, data []byte) (proto.Message, error)

// decode reads a request of a browser, which may be anything.
func decode[Q about](data []byte) (Q, uuid.UUID, error) {
	var q Q
	q, _ = q.ProtoReflect().New().Interface().(Q)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, q); err != nil {
		return q, uuid.Nil, errs.Wrap(err, errs.Invalid, "room.frame", "This request could not be read.")
	}
	webinar, err := uuid.Parse(q.GetWebinarId())
	if err != nil {
		return q, uuid.Nil, errNone()
	}
	return q, webinar, nil
}

// seated is for those who are in the open room, on this connection.
func seated[Q about](do func(*server, context.Context, stage, Q) (proto.Message, error)) method {
	return method{who: whoSeated, run: func(s *server, ctx context.Context, c caller, data []byte) (proto.Message, error) {
		q, webinar, err := decode[Q](data)
		if err != nil {
			return nil, err
		}
		at, err := s.seat(ctx, c, webinar)
		if err != nil {
			return nil, err
		}
		return do(s, ctx, at, q)
	}}
}

// hosted is for hosts while the room is open.
func hosted[Q about](do func(*server, context.Context, stage, Q) (proto.Message, error)) method {
	return method{who: whoHosts, run: behind(do, false)}
}

// prepared is for hosts also before the room is open; then the stage has no room.
func prepared[Q about](do func(*server, context.Context, stage, Q) (proto.Message, error)) method {
	return method{who: whoPrepares, run: behind(do, true)}
}

func behind[Q about](do func(*server, context.Context, stage, Q) (proto.Message, error), early bool) call {
	return func(s *server, ctx context.Context, c caller, data []byte) (proto.Message, error) {
		q, webinar, err := decode[Q](data)
		if err != nil {
			return nil, err
		}
		at, err := s.backstage(ctx, c, webinar, early)
		if err != nil {
			return nil, err
		}
		if err := s.limits.act.take(c.account); err != nil {
			return nil, err
		}
		return do(s, ctx, at, q)
	}
}

// either is for those who are in the room, and for hosts also before it is open.
func either[Q about](do func(*server, context.Context, stage, Q) (proto.Message, error)) method {
	return method{who: whoEither, run: func(s *server, ctx context.Context, c caller, data []byte) (proto.Message, error) {
		q, webinar, err := decode[Q](data)
		if err != nil {
			return nil, err
		}
		at, err := s.seat(ctx, c, webinar)
		if err != nil && !errs.HasCode(err, "room.removed") {
			if hosts, failed := s.backstage(ctx, c, webinar, true); failed == nil {
				at, err = hosts, nil
			}
		}
		if err != nil {
			return nil, err
		}
		return do(s, ctx, at, q)
	}}
}

func (s *server) seat(ctx context.Context, c caller, webinar uuid.UUID) (stage, error) {
	l, err := s.rooms.get(ctx, webinar)
	if err != nil {
		return stage{}, err
	}
	if err := s.admit(l.board, c.account); err != nil {
		return stage{}, err
	}
	person, in := l.Person(c.account, c.connection)
	if !in {
		return stage{}, errNotJoined()
	}
	if person.Host { // hosts are few, and one may have ceased to be one since entering
		if person, err = s.rooms.person(ctx, l, c.account); err != nil {
			return stage{}, err
		}
	}
	return stage{caller: c, webinar: webinar, board: l.board, live: l, person: person}, nil
}

// backstage is the stage for a host.
func (s *server) backstage(ctx context.Context, c caller, webinar uuid.UUID, early bool) (stage, error) {
	r, w, err := s.rooms.host(ctx, webinar, c.account)
	if err != nil {
		return stage{}, err
	}
	b, err := s.boards.get(ctx, webinar)
	if err != nil {
		return stage{}, err
	}
	if err := s.admit(b, c.account); err != nil {
		return stage{}, err
	}
	at := stage{caller: c, webinar: webinar, board: b, person: r.person, administrator: r.administrator}
	if at.live, err = s.rooms.get(ctx, webinar); err != nil {
		opens := errs.HasCode(err, "room.none") && w.State == "planned" || errs.HasCode(err, "room.opening")
		if !early || !opens {
			return stage{}, err
		}
		at.live = nil
	}
	return at, nil
}

// admit refuses who was removed.
func (s *server) admit(b *board, account uuid.UUID) error {
	if is := b.state.Sanction(account, s.now()); is.GetKind() == sanctionRemoved {
		return errs.New(errs.Forbidden, "room.removed", "A host has removed you from this room.").With("reason", is.GetReason())
	}
	return nil
}

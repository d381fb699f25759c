package livewebinar

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/rules/credit"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// callWithin is how long the answer to a browser may take.
const callWithin = 5 * time.Second

// methodJoin is the call with which everybody comes in, often at once.
const methodJoin = "room.join"

// caller is one connection of a person.
type caller struct {
	account    uuid.UUID
	connection string
	door       *door
}

// method is one of the calls that a browser can make. quick ones touch memory only, so they are answered at once; the
// others get a goroutine, because a connection must not wait for the database to read its next frame.
type method struct {
	who   string // may call it
	quick bool
	run   call
}

// methods are all of them. What stands before a name says who may call it; README.md has the table.
func methods() map[string]method {
	return map[string]method{
		methodJoin:        on((*server).join),
		"room.state":      either((*server).roomState),
		"room.beat":       quick(on((*server).beat)),
		"check.delivered": quick(on((*server).delivered)),
		"check.answer":    on((*server).answer),

		"chat.send":    seated((*server).send),
		"chat.history": seated((*server).history),
		"chat.edit":    seated((*server).edit),
		"chat.delete":  seated((*server).remove),
		"chat.react":   seated((*server).reacted),

		"question.ask":      seated((*server).ask),
		"question.vote":     seated((*server).vote),
		"question.withdraw": seated((*server).withdraw),
		"question.take":     hosted((*server).take),
		"question.answer":   hosted((*server).answerQuestion),
		"question.dismiss":  hosted((*server).dismiss),
		"question.merge":    hosted((*server).merge),
		"question.reopen":   hosted((*server).reopen),

		"poll.save":    prepared((*server).savePoll),
		"poll.discard": prepared((*server).discardPoll),
		"poll.open":    hosted((*server).openPoll),
		"poll.close":   hosted((*server).closePoll),
		"poll.share":   hosted((*server).sharePoll),
		"poll.answer":  seated((*server).answerPoll),

		"hand.raise": seated((*server).raise),
		"hand.lower": hosted((*server).lower),

		"host.announce": hosted((*server).announce),
		"host.chat":     hosted((*server).chatSettings),
		"host.mute":     hosted((*server).mute),
		"host.unmute":   hosted((*server).unmute),
		"host.remove":   hosted((*server).showOut),
		"host.readmit":  hosted((*server).readmit),

		"host.segment": hosted((*server).segment),
		"host.viewers": hosted((*server).viewers),
		"host.pulse":   hosted((*server).pulse),

		"backstage.send": prepared((*server).note),
	}
}

// about is a request: all of them name the webinar.
type about interface {
	proto.Message
	GetWebinarId() string
}

// on is for everybody who is logged in, once the room is open.
func on[Q about](do func(*server, context.Context, caller, *live, Q) (proto.Message, error)) method {
	return method{who: whoMembers, run: func(s *server, ctx context.Context, c caller, data []byte) (proto.Message, error) {
		q, webinar, err := decode[Q](data)
		if err != nil {
			return nil, err
		}
		l, err := s.rooms.get(ctx, webinar)
		if err != nil {
			return nil, err
		}
		return do(s, ctx, c, l, q)
	}}
}

func quick(m method) method {
	m.quick = true
	return m
}

// call answers one request of a browser.
func (s *server) call(client *centrifuge.Client, account uuid.UUID, e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
	m, ok := s.methods[e.Method]
	if !ok {
		answer(centrifuge.RPCReply{}, centrifuge.ErrorMethodNotFound)
		return
	}
	if account == uuid.Nil {
		answer(centrifuge.RPCReply{}, wireError(errs.New(errs.Unauthenticated, "auth.required", "Please log in.")))
		return
	}
	c := caller{account, client.ID(), doorOf(client.Context())}
	do := func() {
		reply, err := s.observe(client.Context(), m, e, c)
		answer(reply, wireError(err))
	}
	switch {
	case m.quick:
		do()
	case e.Method == methodJoin:
		go func() {
			if !s.gates.join.pass(client.Context(), do) {
				answer(centrifuge.RPCReply{}, centrifuge.ErrorNotAvailable)
			}
			s.hungUp(client, account)
		}()
	default:
		go do()
	}
}

// observe runs a method with a deadline, a line in the log and a net below it.
func (s *server) observe(ctx context.Context, m method, e centrifuge.RPCEvent, c caller) (reply centrifuge.RPCReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	begun := time.Now()
	if !m.quick { // a line for each heartbeat of each viewer would drown all others
		var unit *obs.Unit
		ctx, unit = obs.Start(ctx, s.log, "socket", e.Method)
		unit.Set("account", c.account)
		defer func() { unit.End(err) }()
	}
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("panic", "method", e.Method, "cause", cause, "stack", string(debug.Stack()))
			err = errInternal(fmt.Errorf("panic: %v", cause))
		}
		s.seconds.WithLabelValues(e.Method).Observe(time.Since(begun).Seconds())
	}()
	message, err := m.run(s, ctx, c, e.Data)
	if err != nil {
		return centrifuge.RPCReply{}, err
	}
	reply.Data, err = encode(message)
	return reply, err
}

func (s *server) join(ctx context.Context, c caller, l *live, q *livewebinarpb.JoinRequest) (proto.Message, error) {
	if err := s.limits.join.take(c.account); err != nil {
		return nil, err
	}
	person, err := s.entering(ctx, c, l)
	if err != nil {
		return nil, err
	}
	var past room.Past
	if !l.Knows(c.account) {
		if past, err = s.rooms.pastOf(ctx, l.Webinar, c.account); err != nil {
			return nil, err
		}
	}
	if err := s.admit(l.board, c.account); err != nil {
		s.tellRemoved(l.board, c.account)
		return nil, err
	}
	chat, err := s.latest(ctx, l, q.GetAfterSequence())
	if err != nil {
		return nil, err
	}
	last := l.board.state.Last()
	mine, err := s.mine(ctx, l.Webinar, c.account)
	if err != nil {
		return nil, err
	}
	revision := l.board.state.Revision()
	seen, err := l.board.state.SinceText(memory.Query{After: max(0, q.GetAfterRevision()), UpTo: max(0, q.GetAfterSequence()), Host: person.Host})
	if err != nil {
		return nil, err
	}
	now := s.now()
	var j room.Joined
	l.note(func() {
		j = l.Join(now, person, c.connection, past)
		s.recorder.beat(j.Beats...)
	})
	if l.Closed() {
		return nil, errClosed()
	}
	if len(j.Beats) > 0 {
		s.recorder.act(s.activity.joined(now, l, person, c.connection))
	}
	return &told{&livewebinarpb.JoinResponse{
		Room: &livewebinarpb.Room{
			WebinarId: l.Webinar.String(), Title: l.Title, VideoUrl: l.VideoURL, OffsetMs: number(now.Sub(l.Opened).Milliseconds()),
			OpenedAt: stamp(l.Opened), PlannedEnd: stamp(l.PlannedEnd), Commitment: l.commitment,
		},
		LastSequence: last, Viewers: number(l.Viewers()),
		Credit: creditPB(j.Credit), Check: askedPB(j.Check), Host: person.Host, Mine: mine, Revision: revision,
	}, []part{{"messages", chat}, {"board", seen}}}, nil
}

// entering is who joins: as was found out a moment ago, when they were let into the channel, or as the accounts say now.
func (s *server) entering(ctx context.Context, c caller, l *live) (room.Person, error) {
	if person, in := c.door.pass(l.Webinar, time.Now()); in {
		return person, nil
	}
	return s.rooms.person(ctx, l, c.account)
}

func errNotJoined() error {
	return errs.New(errs.Forbidden, "room.not_joined", "Please enter the room first.")
}

func (s *server) beat(_ context.Context, c caller, l *live, q *livewebinarpb.BeatRequest) (proto.Message, error) {
	event, known := eventOf(q.GetPlayer())
	if !known {
		return nil, errs.New(errs.Invalid, "beat.player", "This request could not be read.")
	}
	person, in := l.Person(c.account, c.connection)
	if !in {
		return nil, errNotJoined()
	}
	if event != credit.Left { // who leaves is always heard
		if err := s.limits.beat.take(c.account); err != nil {
			return nil, err
		}
	}
	now := s.now()
	var o room.Observed
	l.note(func() {
		o, in = l.Observe(now, c.account, room.Beat{
			Beat:       credit.Beat{Stream: c.connection, Sequence: int64(q.GetSequence()), Event: event},
			PositionMS: max(0, q.GetPositionMs()), Hidden: q.GetHidden(),
		})
		if in {
			s.recorder.beat(o.Beat)
			s.recorder.check(o.Checks...)
		}
	})
	if !in {
		return nil, errNotJoined()
	}
	for _, minute := range o.Minutes {
		s.recorder.act(s.activity.minute(now, l, person, minute))
	}
	if event == credit.Left {
		s.recorder.act(s.activity.left(now, l, person, c.connection))
	}
	return &livewebinarpb.BeatResponse{
		Credit: creditPB(o.Credit), Viewers: number(l.Viewers()), LastSequence: l.board.state.Last(), Revision: l.board.audience.Load(),
	}, nil
}

func (s *server) delivered(_ context.Context, c caller, l *live, q *livewebinarpb.DeliveredRequest) (proto.Message, error) {
	var asked *room.Asked
	l.note(func() {
		var row *room.CheckRow
		if row, asked = l.Delivered(s.now(), c.account, c.connection, int(q.GetNumber())); row != nil {
			s.recorder.check(*row)
		}
	})
	return &livewebinarpb.DeliveredResponse{Check: askedPB(asked)}, nil
}

// answer is written down before it is confirmed: an answer that was confirmed is never lost.
func (s *server) answer(ctx context.Context, c caller, l *live, q *livewebinarpb.AnswerRequest) (proto.Message, error) {
	person, in := l.Person(c.account, c.connection)
	if !in {
		return nil, errNotJoined()
	}
	now := s.now()
	a, sent := s.answered(now, c, l, int(q.GetNumber()))
	if !sent { // it may have been sent on another instance a moment ago
		past, err := s.rooms.pastOf(ctx, l.Webinar, c.account)
		if err != nil {
			return nil, err
		}
		l.Checked(rowsOf(c.account, past))
		if a, sent = s.answered(now, c, l, int(q.GetNumber())); !sent {
			return nil, errs.New(errs.NotFound, "check.none", "There is no such question.")
		}
	}
	if a.First { // before it is written down: who is told to try again is not first the next time
		s.recorder.act(s.activity.checkAnswered(now, l, person, int(q.GetNumber()), a.Latency))
	}
	if err := s.recorder.flush(ctx); err != nil {
		return nil, err
	}
	if a.First {
		s.publish(personChannel(c.account), &livewebinarpb.PersonPush{WebinarId: l.Webinar.String(), CheckOver: q.GetNumber()})
	}
	return &livewebinarpb.AnswerResponse{Counted: a.Counted, Credit: creditPB(a.Credit)}, nil
}

func (s *server) answered(now time.Time, c caller, l *live, check int) (a room.Answer, sent bool) {
	l.note(func() {
		if a, sent = l.Answer(now, c.account, c.connection, check); sent {
			s.recorder.check(a.Row)
		}
	})
	return a, sent
}

func rowsOf(account uuid.UUID, past room.Past) []room.CheckRow {
	rows := make([]room.CheckRow, len(past.Checks))
	for i, c := range past.Checks {
		rows[i] = room.CheckRow{Account: account, Check: c, Tries: past.Tries[c.Number]}
	}
	return rows
}

package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// What may hold for a person. Who was muted before being removed is muted again when let in: nobody said that this is over.
const (
	sanctionNone    = ""
	sanctionMuted   = "muted"
	sanctionRemoved = "removed"
)

// longestMute is a day; longer is until the end.
const longestMute = 24 * 60

func errNobody() error {
	return errs.New(errs.NotFound, "sanction.nobody", "There is no such person in this room.")
}

// sentence is a sanction that a host wants.
type sentence struct {
	account uuid.UUID
	name    string
	kind    string
	reason  string
	by      uuid.UUID
	byName  string
	until   *time.Time
}

func (s *server) mute(ctx context.Context, at stage, q *livewebinarpb.SanctionRequest) (proto.Message, error) {
	if q.GetMinutes() < 0 || q.GetMinutes() > longestMute {
		return nil, errs.New(errs.Invalid, "sanction.minutes", "Somebody is muted for 1 to 1440 minutes, or until the end.")
	}
	return s.sanction(ctx, at, q, sanctionMuted)
}

func (s *server) showOut(ctx context.Context, at stage, q *livewebinarpb.SanctionRequest) (proto.Message, error) {
	return s.sanction(ctx, at, q, sanctionRemoved)
}

func (s *server) sanction(ctx context.Context, at stage, q *livewebinarpb.SanctionRequest, kind string) (proto.Message, error) {
	reason, err := cleaned(q.GetReason(), "reason", reasonLength)
	if err != nil {
		return nil, err
	}
	account, err := s.whom(ctx, at, q)
	if err != nil {
		return nil, err
	}
	if account == at.account {
		return nil, errs.New(errs.Conflict, "sanction.self", "You cannot do this to yourself.")
	}
	is := sentence{account: account, kind: kind, reason: reason, by: at.account, byName: at.person.Name}
	if q.GetMinutes() > 0 && kind == sanctionMuted {
		end := s.now().Add(time.Duration(q.GetMinutes()) * time.Minute)
		is.until = &end
	}
	return s.sentence(ctx, at, is)
}

// whom finds the person meant: hosts know the authors of messages and questions without knowing their accounts.
func (s *server) whom(ctx context.Context, at stage, q *livewebinarpb.SanctionRequest) (uuid.UUID, error) {
	rows := store.New(s.rooms.pool)
	switch {
	case q.GetSequence() != 0:
		row, err := rows.MessageGet(ctx, store.MessageGetParams{WebinarID: at.webinar, Sequence: q.GetSequence()})
		return row.AccountID, notFound(err, errNoMessage())
	case q.GetQuestion() != 0:
		row, err := rows.QuestionGet(ctx, store.QuestionGetParams{WebinarID: at.webinar, Number: q.GetQuestion()})
		return row.AccountID, notFound(err, errNoQuestion())
	}
	account, err := uuid.Parse(q.GetAccountId())
	if err != nil {
		return uuid.Nil, errNobody()
	}
	return account, nil
}

// sentence is written down, and carried out by every instance for who is connected to it.
func (s *server) sentence(ctx context.Context, at stage, is sentence) (proto.Message, error) {
	w, err := store.New(s.rooms.pool).WebinarGet(ctx, at.webinar)
	if err != nil {
		return nil, notFound(err, errNone())
	}
	them, err := s.rooms.rights(ctx, w.HostID, is.account)
	if errs.HasCode(err, "room.members") {
		return nil, errNobody()
	}
	if err != nil {
		return nil, err
	}
	if them.person.Host && !at.administrator {
		return nil, errs.New(errs.Forbidden, "sanction.host", "Only an administrator may do this to a host.")
	}
	is.name = them.person.Name
	held := at.board.state.Sanction(is.account, s.now()).GetKind()
	if is.kind == sanctionMuted && held == sanctionRemoved {
		return nil, errs.New(errs.Conflict, "sanction.removed", "This person was removed from the room.")
	}
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		decisions := []sentence{is}
		if is.kind == sanctionNone && held == sanctionRemoved {
			before, err := s.before(ctx, rows, at.webinar, is)
			if err != nil {
				return err
			}
			decisions = append(decisions, before...)
		}
		for _, d := range decisions {
			if err := s.write(ctx, rows, at.webinar, revision, d); err != nil {
				return err
			}
		}
		return nil
	}))
}

// before is what holds again for a person who is let in: a mute that is not over.
func (s *server) before(ctx context.Context, rows *store.Queries, webinar uuid.UUID, is sentence) ([]sentence, error) {
	b, err := rows.SanctionBefore(ctx, store.SanctionBeforeParams{WebinarID: webinar, AccountID: is.account})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what held before: %w", err)
	}
	if b.Kind != sanctionMuted || (b.Until != nil && !b.Until.After(s.now())) {
		return nil, nil
	}
	return []sentence{{account: is.account, name: is.name, kind: b.Kind, reason: b.Reason, by: b.ByID, byName: b.ByName, until: b.Until}}, nil
}

// write keeps a decision: as what holds now, and among all that was ever decided.
func (s *server) write(ctx context.Context, rows *store.Queries, webinar uuid.UUID, revision int32, d sentence) error {
	now := s.now()
	err := rows.SanctionSet(ctx, store.SanctionSetParams{
		WebinarID: webinar, AccountID: d.account, Name: d.name, Kind: d.kind, Reason: d.reason, ByName: d.byName,
		Now: now, Until: d.until, Revision: revision,
	})
	if err != nil {
		return fmt.Errorf("write sanction: %w", err)
	}
	return rows.SanctionLog(ctx, store.SanctionLogParams{
		WebinarID: webinar, AccountID: d.account, Kind: d.kind, Reason: d.reason, ByID: d.by, Now: now, Until: d.until, Revision: revision,
	})
}

func (s *server) unmute(ctx context.Context, at stage, q *livewebinarpb.AccountRequest) (proto.Message, error) {
	return s.lift(ctx, at, q, sanctionMuted)
}

func (s *server) readmit(ctx context.Context, at stage, q *livewebinarpb.AccountRequest) (proto.Message, error) {
	return s.lift(ctx, at, q, sanctionRemoved)
}

// lift takes a sanction back; one that does not hold is lifted already.
func (s *server) lift(ctx context.Context, at stage, q *livewebinarpb.AccountRequest, kind string) (proto.Message, error) {
	account, err := uuid.Parse(q.GetAccountId())
	if err != nil {
		return nil, errNobody()
	}
	if account == at.account {
		return nil, errs.New(errs.Conflict, "sanction.self", "You cannot do this to yourself.")
	}
	if at.board.state.Sanction(account, s.now()).GetKind() != kind {
		return &livewebinarpb.Done{Revision: at.board.state.Revision()}, nil
	}
	return s.sentence(ctx, at, sentence{account: account, kind: sanctionNone, by: at.account, byName: at.person.Name})
}

// enforce carries out what was decided after a revision, for the connections of this instance.
func (s *server) enforce(b *board, after int32) {
	b.state.Each(memory.Sanction, after, func(k memory.Key, m proto.Message) {
		if len(s.node.Hub().UserConnections(k.Account.String())) == 0 {
			return
		}
		if is := b.state.Sanction(k.Account, s.now()); is.GetKind() == sanctionRemoved {
			s.tellRemoved(b, k.Account)
			s.cut(b, k.Account)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.tellMine(ctx, b.webinar, k.Account)
	})
}

// cut closes the connections that a removed person has in the room or to its channels. What was watched until now stays.
func (s *server) cut(b *board, account uuid.UUID) {
	l := s.rooms.holding(b.webinar)
	for id, client := range s.node.Hub().UserConnections(account.String()) {
		in := client.IsSubscribed(roomChannel(b.webinar)) || client.IsSubscribed(backstageChannel(b.webinar))
		if l != nil && !in {
			_, in = l.Person(account, id)
		}
		if in {
			client.Disconnect(closedRemoved())
		}
	}
}

// sweep cuts whoever slipped in while being removed.
func (s *server) sweep(b *board) {
	b.state.Each(memory.Sanction, 0, func(k memory.Key, _ proto.Message) {
		if b.state.Sanction(k.Account, s.now()).GetKind() == sanctionRemoved {
			s.cut(b, k.Account)
		}
	})
}

// announce puts a sentence above the room, or takes it down.
func (s *server) announce(ctx context.Context, at stage, q *livewebinarpb.AnnounceRequest) (proto.Message, error) {
	text, err := clean(q.GetText(), "announcement", announceLength)
	if err != nil {
		return nil, err
	}
	now := s.now()
	when := &now
	if text == "" {
		when = nil
	}
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		return store.New(tx).BoardAnnounce(ctx, store.BoardAnnounceParams{
			WebinarID: at.webinar, Announcement: text, AnnouncedAt: when, Revision: revision,
		})
	}))
}

// chatSettings sets how fast the chat is, and whether the audience may write.
func (s *server) chatSettings(ctx context.Context, at stage, q *livewebinarpb.ChatSettingsRequest) (proto.Message, error) {
	if q.GetSlowSeconds() < 0 || q.GetSlowSeconds() > 300 {
		return nil, errs.New(errs.Invalid, "chat.slow_seconds", "In slow mode people wait at most 300 seconds.")
	}
	return s.changed(at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		return store.New(tx).BoardChat(ctx, store.BoardChatParams{
			WebinarID: at.webinar, SlowSeconds: q.GetSlowSeconds(), ChatClosed: q.GetClosed(), Revision: revision,
		})
	}))
}

// note is written behind the stage, also before the room is open.
func (s *server) note(ctx context.Context, at stage, q *livewebinarpb.NoteRequest) (proto.Message, error) {
	id, err := wish(q.GetId())
	if err != nil {
		return nil, err
	}
	body, err := cleaned(q.GetBody(), "note", bodyLength)
	if err != nil {
		return nil, err
	}
	now, made := s.now(), int32(0)
	revision, err := at.board.change(ctx, func(ctx context.Context, tx pgx.Tx, revision int32) error {
		rows := store.New(tx)
		known, err := rows.NoteKnown(ctx, store.NoteKnownParams{WebinarID: at.webinar, AccountID: at.account, ID: id})
		if made = known; err == nil {
			return errUnchanged
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("look for note: %w", err)
		}
		made, err = rows.NoteAdd(ctx, store.NoteAddParams{
			WebinarID: at.webinar, ID: id, AccountID: at.account, Name: at.person.Name, Body: body, Now: now, Revision: revision,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &livewebinarpb.Done{Revision: revision, Number: made}, nil
}

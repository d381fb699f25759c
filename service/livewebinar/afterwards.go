package livewebinar

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// kept is a webinar whose record somebody reads.
type kept struct {
	store.WebinarBySlugRow

	room store.LivewebinarRoom
	host bool
}

// record finds a webinar for whoever asks: members when it has ended, its hosts at any time.
func (a *rpc) record(ctx context.Context, slug string) (kept, error) {
	q := store.New(a.rooms.pool)
	var k kept
	var err error
	if k.WebinarBySlugRow, err = q.WebinarBySlug(ctx, slug); err != nil {
		return k, notFound(err, errNone())
	}
	if k.host, err = a.host(ctx, k.HostID); err != nil {
		return k, err
	}
	k.room, err = q.RoomGet(ctx, k.WebinarID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return k, fmt.Errorf("read room: %w", err)
	}
	if !k.host && k.room.State != stateClosed {
		return k, errs.New(errs.Forbidden, "room.not_ended", "What was said can be read when the webinar has ended.")
	}
	return k, nil
}

// host says whether who asks is a host there. Members alone get so far.
func (a *rpc) host(ctx context.Context, lecturer *uuid.UUID) (bool, error) {
	who, ok := token.From(ctx)
	if !ok {
		return false, errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	r, err := a.rooms.rights(ctx, lecturer, who.Account)
	return r.person.Host, err
}

// Transcript is the chat of a webinar, page by page. What was deleted has no text any more, for hosts neither.
func (a *rpc) Transcript(ctx context.Context, q *livewebinarpb.TranscriptRequest) (*livewebinarpb.TranscriptResponse, error) {
	k, err := a.record(ctx, q.GetSlug())
	if err != nil {
		return nil, err
	}
	limit := q.GetLimit()
	if limit <= 0 || limit > historyMost {
		limit = historyMost
	}
	rows, err := store.New(a.rooms.pool).MessageAfter(ctx, store.MessageAfterParams{
		WebinarID: k.WebinarID, After: max(0, q.GetAfterSequence()), AtMost: limit,
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return &livewebinarpb.TranscriptResponse{
		WebinarId: k.WebinarID.String(), Title: k.Title, Messages: messagesPB(rows), LastSequence: k.room.LastSequence, Host: k.host,
	}, nil
}

// Outcome is what became of the board of a webinar.
func (a *rpc) Outcome(ctx context.Context, q *livewebinarpb.OutcomeRequest) (*livewebinarpb.OutcomeResponse, error) {
	k, err := a.record(ctx, q.GetSlug())
	if err != nil {
		return nil, err
	}
	b, err := a.counted(ctx, k.WebinarID)
	if err != nil {
		return nil, err
	}
	reply := &livewebinarpb.OutcomeResponse{
		WebinarId: k.WebinarID.String(), Title: k.Title, OpenedAt: stamp(k.room.OpenedAt), ClosedAt: stamp(moment(k.room.ClosedAt)), Host: k.host,
	}
	rows := store.New(a.rooms.pool)
	for _, read := range []func(context.Context, *store.Queries, int32) ([]memory.Item, error){
		b.readQuestions, b.readPolls, b.readProgramme, b.readSanctions, b.readNotes,
	} {
		items, err := read(ctx, rows, 0)
		if err != nil {
			return nil, fmt.Errorf("read board: %w", err)
		}
		for _, i := range items {
			enter(reply, i, k)
		}
	}
	if k.host {
		if reply.Samples, reply.Incidents, err = a.rooms.course(ctx, k.WebinarID); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(reply.Questions, func(a, b *livewebinarpb.Question) int {
		return cmp.Or(cmp.Compare(b.GetVotes(), a.GetVotes()), cmp.Compare(a.GetNumber(), b.GetNumber()))
	})
	slices.SortFunc(reply.Polls, func(a, b *livewebinarpb.Poll) int { return cmp.Compare(a.GetNumber(), b.GetNumber()) })
	slices.SortFunc(reply.Notes, func(a, b *livewebinarpb.Note) int { return cmp.Compare(a.GetNumber(), b.GetNumber()) })
	return reply, nil
}

// Attendance is who was there, for the hosts.
func (a *rpc) Attendance(ctx context.Context, q *livewebinarpb.AttendanceRequest) (*livewebinarpb.AttendanceResponse, error) {
	k, err := a.record(ctx, q.GetSlug())
	if err != nil {
		return nil, err
	}
	if !k.host {
		return nil, errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
	}
	limit := q.GetLimit()
	if limit <= 0 || limit > historyMost {
		limit = historyMost
	}
	rows := store.New(a.rooms.pool)
	total, err := rows.AttendanceCount(ctx, k.WebinarID)
	if err != nil {
		return nil, fmt.Errorf("count attendance: %w", err)
	}
	reply := &livewebinarpb.AttendanceResponse{Total: number(total)}
	page, err := rows.AttendancePage(ctx, store.AttendancePageParams{WebinarID: k.WebinarID, Skip: max(0, q.GetSkip()), AtMost: limit})
	if err != nil {
		return nil, fmt.Errorf("read attendance: %w", err)
	}
	for _, row := range page {
		var e credit.Evidence
		if err := json.Unmarshal(row.Evidence, &e); err != nil {
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		reply.Attendees = append(reply.Attendees, attendeePB(row, credit.Evaluate(e)))
	}
	return reply, nil
}

func attendeePB(row store.AttendancePageRow, c credit.Credit) *livewebinarpb.Attendee {
	return &livewebinarpb.Attendee{
		Name: row.Name, FirstJoinedAt: stamp(row.FirstJoinedAt), WatchedSeconds: number(c.Watched), CreditableSeconds: number(c.Creditable),
		Percent: number(c.Percent), ChecksAnswered: number(c.Checks.Answered), ChecksCounted: number(c.Checks.Answered + c.Checks.Missed),
	}
}

// counted is the board with the votes of its last second counted, also when the instance that should have done so died.
func (a *rpc) counted(ctx context.Context, webinar uuid.UUID) (*board, error) {
	b := a.rooms.board.past(webinar)
	row, err := store.New(a.rooms.pool).BoardGet(ctx, webinar)
	if err != nil || !row.Dirty {
		return b, notFound(err, nil)
	}
	held, err := a.rooms.board.get(ctx, webinar)
	if err != nil {
		return b, err
	}
	return b, held.count(ctx)
}

// enter puts an item into the record, in the version of who reads it.
func enter(reply *livewebinarpb.OutcomeResponse, i memory.Item, k kept) {
	version := i.Audience
	if k.host {
		version = i.Hosts
	}
	switch m := version.(type) {
	case *livewebinarpb.Question:
		if k.host || slices.Contains([]string{questionOpen, questionAnswering, questionAnswered}, m.GetState()) {
			reply.Questions = append(reply.Questions, m)
		}
	case *livewebinarpb.Poll:
		if m.GetState() == pollOpen && k.room.State == stateClosed {
			m.State = pollClosed // nobody can answer it any more
		}
		reply.Polls = append(reply.Polls, m)
	case *livewebinarpb.Programme:
		reply.Programme = m
	case *livewebinarpb.Sanction:
		reply.Sanctions = append(reply.Sanctions, m)
	case *livewebinarpb.Note:
		reply.Notes = append(reply.Notes, m)
	}
}

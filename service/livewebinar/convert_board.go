package livewebinar

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// reactionKinds are the places in the column message.reactions.
func reactionKinds() []string { return []string{"agree", "thanks", "applause", "funny", "unsure"} }

func stampOf(t *time.Time) *timestamppb.Timestamp { return stamp(moment(t)) }

func messagePB(m store.MessageAfterRow) *livewebinarpb.ChatMessage {
	c := &livewebinarpb.ChatMessage{
		Sequence: m.Sequence, Id: m.ID.String(), Name: m.Name, Host: m.Host, Body: m.Body, SentAt: stamp(m.SentAt),
		EditedAt: stampOf(m.EditedAt), DeletedBy: m.DeletedBy,
	}
	if m.ReplyTo != nil {
		c.ReplyTo = &livewebinarpb.Quote{Sequence: *m.ReplyTo, Body: m.QuotedBody}
		if m.QuotedName != nil {
			c.ReplyTo.Name = *m.QuotedName
		}
	}
	for i, kind := range reactionKinds() {
		if m.DeletedBy == "" && i < len(m.Reactions) && m.Reactions[i] > 0 {
			c.Reactions = append(c.Reactions, &livewebinarpb.Reaction{Kind: kind, Count: m.Reactions[i]})
		}
	}
	return c
}

func messagesPB(rows []store.MessageAfterRow) []*livewebinarpb.ChatMessage {
	list := make([]*livewebinarpb.ChatMessage, len(rows))
	for i, m := range rows {
		list[i] = messagePB(m)
	}
	return list
}

func (b *board) readMessages(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.MessageChanged(ctx, store.MessageChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		m := messagePB(store.MessageAfterRow(row))
		items[i] = memory.Item{Key: memory.Key{Kind: memory.Message, Number: row.Sequence}, Revision: row.Revision, Audience: m, Hosts: m}
	}
	return items, err
}

func (b *board) readQuestions(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.QuestionChanged(ctx, store.QuestionChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		items[i] = memory.Item{
			Key: memory.Key{Kind: memory.Question, Number: row.Number}, Revision: row.Revision,
			Audience: questionPB(row, false), Hosts: questionPB(row, true),
		}
	}
	return items, err
}

// questionPB is a question as the audience or as hosts may see it.
func questionPB(row store.QuestionChangedRow, host bool) *livewebinarpb.Question {
	q := &livewebinarpb.Question{Number: row.Number, Anonymous: row.Anonymous, Votes: row.Votes, State: row.State, AskedAt: stamp(row.AskedAt)}
	if row.MergedInto != nil {
		q.MergedInto = *row.MergedInto
	}
	if host || !row.Anonymous {
		q.Name = row.Name
	}
	if host {
		q.Reason = row.Reason
	}
	switch row.State {
	case questionDismissed, questionMerged, questionWithdrawn:
		if !host {
			q.Name = ""
			return q
		}
	}
	q.Body, q.Answer, q.AnsweredBy, q.AnsweredAt = row.Body, row.Answer, row.AnsweredBy, stampOf(row.AnsweredAt)
	return q
}

func (b *board) readPolls(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.PollChanged(ctx, store.PollChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		items[i] = memory.Item{Key: memory.Key{Kind: memory.Poll, Number: row.Number}, Revision: row.Revision, Hosts: pollPB(row, true)}
		if row.State == pollOpen || row.State == pollClosed {
			items[i].Audience = pollPB(row, false)
		}
	}
	return items, err
}

func pollPB(row store.PollChangedRow, host bool) *livewebinarpb.Poll {
	p := &livewebinarpb.Poll{
		Number: row.Number, Question: row.Question, Options: row.Options, Multiple: row.Multiple, State: row.State, Shared: row.Shared,
		OpenedAt: stampOf(row.OpenedAt), ClosedAt: stampOf(row.ClosedAt),
	}
	if host || row.Shared {
		p.Counts, p.Voters = row.Counts, row.Voters
		if len(p.Counts) == 0 && row.State != pollDraft {
			p.Counts = make([]int32, len(row.Options))
		}
	}
	return p
}

func (b *board) readHands(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.HandChanged(ctx, store.HandChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		items[i] = memory.Item{
			Key: memory.Key{Kind: memory.Hand, Account: row.AccountID}, Revision: row.Revision,
			Hosts: &livewebinarpb.Hand{AccountId: row.AccountID.String(), Name: row.Name, RaisedAt: stampOf(row.RaisedAt)},
		}
	}
	return items, err
}

func sanctionPB(row store.SanctionChangedRow) *livewebinarpb.Sanction {
	return &livewebinarpb.Sanction{
		AccountId: row.AccountID.String(), Name: row.Name, Kind: row.Kind, Reason: row.Reason, By: row.ByName,
		At: stamp(row.At), Until: stampOf(row.Until),
	}
}

func (b *board) readSanctions(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.SanctionChanged(ctx, store.SanctionChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		items[i] = memory.Item{
			Key: memory.Key{Kind: memory.Sanction, Account: row.AccountID}, Revision: row.Revision, Hosts: sanctionPB(row),
		}
	}
	return items, err
}

func notePB(row store.NoteChangedRow) *livewebinarpb.Note {
	return &livewebinarpb.Note{Number: row.Number, Id: row.ID.String(), Name: row.Name, Body: row.Body, SentAt: stamp(row.SentAt)}
}

func (b *board) readNotes(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	rows, err := q.NoteChanged(ctx, store.NoteChangedParams{WebinarID: b.webinar, After: after})
	items := make([]memory.Item, len(rows))
	for i, row := range rows {
		items[i] = memory.Item{Key: memory.Key{Kind: memory.Note, Number: row.Number}, Revision: row.Revision, Hosts: notePB(row)}
	}
	return items, err
}

func (b *board) readProgramme(ctx context.Context, q *store.Queries, after int32) ([]memory.Item, error) {
	if b.programme == nil {
		return nil, nil
	}
	p, revision, err := b.programme(ctx, q, b.webinar, after)
	if err != nil || p == nil {
		return nil, err
	}
	return []memory.Item{{Key: memory.Key{Kind: memory.Programme}, Revision: revision, Audience: p, Hosts: p}}, nil
}

func settingsItem(row store.BoardGetRow) memory.Item {
	var s proto.Message = &livewebinarpb.Settings{
		Announcement: row.Announcement, AnnouncedAt: stampOf(row.AnnouncedAt), SlowSeconds: row.SlowSeconds, ChatClosed: row.ChatClosed,
	}
	return memory.Item{Key: memory.Key{Kind: memory.Settings}, Revision: row.SettingsRevision, Audience: s, Hosts: s}
}

// minePB reads what the database gathered as JSON, in the shape of the contract.
func minePB(row store.MineOfManyRow, now time.Time) (*livewebinarpb.Mine, error) {
	m := &livewebinarpb.Mine{Voted: row.Voted, Asked: row.Asked, Messages: row.Messages, Hand: row.Hand}
	for text, into := range map[*[]byte]any{&row.Answers: &m.Answers, &row.Reactions: &m.Reactions, &row.Notices: &m.Notices} {
		if err := json.Unmarshal(*text, into); err != nil {
			return nil, fmt.Errorf("read what is mine: %w", err)
		}
	}
	if len(row.Muted) == 0 {
		return m, nil
	}
	var muted struct {
		Reason string
		Until  *time.Time
	}
	if err := json.Unmarshal(row.Muted, &muted); err != nil {
		return nil, fmt.Errorf("read what is mine: %w", err)
	}
	if muted.Until == nil || now.Before(*muted.Until) {
		m.Muted = &livewebinarpb.Muted{Reason: muted.Reason, Until: stampOf(muted.Until)}
	}
	return m, nil
}

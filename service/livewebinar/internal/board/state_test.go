package board

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

func question(number, revision int32, body string) Item {
	return Item{
		Key: Key{Kind: Question, Number: number}, Revision: revision,
		Audience: &livewebinarpb.Question{Number: number, Body: body}, Hosts: &livewebinarpb.Question{Number: number, Body: body, Name: "Ana"},
	}
}

func note(number, revision int32) Item {
	return Item{Key: Key{Kind: Note, Number: number}, Revision: revision, Hosts: &livewebinarpb.Note{Number: number}}
}

func TestSince(t *testing.T) {
	t.Parallel()
	s := New()
	s.Apply(3, []Item{note(1, 3), question(1, 1, "old"), question(2, 2, "two")})
	s.Apply(4, []Item{question(1, 4, "new")})
	s.Apply(4, []Item{question(1, 2, "late news")})
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{}, "4: 2 two, 1 new"},
		{Query{After: 2}, "4: 1 new"},
		{Query{After: 2, Host: true}, "4: note 1, 1 new Ana"},
		{Query{After: 4}, "4: "},
		{Query{After: 9}, "4: "},
	} {
		b := s.Since(c.query)
		var told []string
		for _, n := range b.GetNotes() {
			told = append(told, fmt.Sprint("note ", n.GetNumber()))
		}
		for _, q := range b.GetQuestions() {
			told = append(told, strings.TrimSpace(fmt.Sprintf("%d %s %s", q.GetNumber(), q.GetBody(), q.GetName())))
		}
		if got := fmt.Sprintf("%d: %s", b.GetRevision(), strings.Join(told, ", ")); got != c.want || b.GetRevisionBefore() != c.query.After {
			t.Errorf("%+v: %q, want %q", c.query, got, c.want)
		}
	}
}

// TestPages reads a board that does not fit into one frame, as a browser does.
func TestPages(t *testing.T) {
	t.Parallel()
	s := New()
	var items []Item
	const all = 500
	for n := range int32(all) {
		items = append(items, question(n+1, n/2+1, strings.Repeat("x", 450)))
	}
	s.Apply(all/2, items)
	seen, pages, revision := map[int32]bool{}, 0, int32(0)
	for revision < s.Revision() {
		b := s.Since(Query{After: revision})
		if b.GetRevision() <= revision {
			t.Fatalf("after %d comes %d", revision, b.GetRevision())
		}
		revision = b.GetRevision()
		for _, q := range b.GetQuestions() {
			seen[q.GetNumber()] = true
		}
		pages++
	}
	if len(seen) != all || pages < 3 {
		t.Errorf("%d questions on %d pages", len(seen), pages)
	}
}

// TestMuchChange keeps the memory as large as the board, however often it changes.
func TestMuchChange(t *testing.T) {
	t.Parallel()
	s := New()
	for r := range int32(10_000) {
		s.Apply(r+1, []Item{question(r%10+1, r+1, "x")})
	}
	if len(s.log) > 250 || len(s.Since(Query{}).GetQuestions()) != 10 {
		t.Errorf("%d places for 10 questions", len(s.log))
	}
}

func messages(from, to int32) []*livewebinarpb.ChatMessage {
	var list []*livewebinarpb.ChatMessage
	for n := from; n <= to; n++ {
		list = append(list, &livewebinarpb.ChatMessage{Sequence: n, Body: fmt.Sprint("message ", n)})
	}
	return list
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := New()
	s.Remember(messages(41, 60))
	if _, whole := s.Said(messages(62, 63)); whole || s.Last() != 60 {
		t.Error("a message is missing and nobody noticed")
	}
	edited := &livewebinarpb.ChatMessage{Sequence: 61, Body: "edited"}
	s.Apply(1, []Item{{Key: Key{Kind: Message, Number: 61}, Revision: 1, Audience: edited, Hosts: edited}})
	if news, whole := s.Said(messages(59, 63)); !whole || len(news) != 3 {
		t.Errorf("new are %v", news)
	}
	if got := s.Message(61).GetBody(); got != "edited" {
		t.Errorf("a message that changed before it was known here says %q", got)
	}
	for n := int32(64); n < 3000; n += 3 {
		if _, whole := s.Said(messages(n, n+2)); !whole {
			t.Fatal("a gap")
		}
	}
	if len(s.recent) > 2*keep+3 || s.Last() != 3000 {
		t.Errorf("%d are remembered, up to %d", len(s.recent), s.Last())
	}
	after, known := s.After(s.Last()-150, 100)
	if !known || len(after) != 100 || after[0].GetSequence() != s.Last()-149 {
		t.Errorf("%d after a gap, known %v", len(after), known)
	}
	if _, known := s.After(1, 100); known {
		t.Error("remembers what it does not")
	}
	if latest := s.Latest(100); len(latest) != 100 || latest[99].GetSequence() != s.Last() {
		t.Errorf("%d are the latest", len(latest))
	}
	var long []*livewebinarpb.ChatMessage
	for n := s.Last() + 1; n <= s.Last()+100; n++ {
		long = append(long, &livewebinarpb.ChatMessage{Sequence: n, Body: strings.Repeat("\U0001F600", 500)})
	}
	s.Said(long)
	if latest := s.Latest(100); len(latest) > 60 || latest[len(latest)-1].GetSequence() != s.Last() {
		t.Errorf("%d long messages in one answer", len(latest))
	}
}

func TestSanctionEnds(t *testing.T) {
	t.Parallel()
	s, account, at := New(), uuid.New(), time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC)
	put := func(revision int32, is *livewebinarpb.Sanction) {
		s.Apply(revision, []Item{{Key: Key{Kind: Sanction, Account: account}, Revision: revision, Hosts: is}})
	}
	put(1, &livewebinarpb.Sanction{Kind: "muted", Until: timestamppb.New(at)})
	got := []string{s.Sanction(account, at.Add(-1)).GetKind(), s.Sanction(account, at).GetKind()}
	put(2, &livewebinarpb.Sanction{Kind: "removed"})
	got = append(got, s.Sanction(account, at.Add(24*time.Hour)).GetKind(), s.Sanction(uuid.New(), at).GetKind())
	put(3, &livewebinarpb.Sanction{})
	if got = append(got, s.Sanction(account, at).GetKind()); !slices.Equal(got, []string{"muted", "", "removed", "", ""}) {
		t.Errorf("holds: %q", got)
	}
}

// Package board is what a room shows beside the film, as one instance remembers it: the newest chat messages, and all items
// of the board in the version of the audience and that of the hosts. It does no I/O. It is fed with what was committed, and
// answers joins, gaps and pushes from memory: thousands who enter at once must not become thousands of queries.
//
// Every item carries the revision in which it last changed. So one question, "what changed since?", serves them all:
//
//	items by revision:   3 poll 1   5 question 2   7 settings   9 question 1
//	somebody has 5:                                 └──────── told ────────┘
//
// An item that changes moves to the end; nothing remembers what it was before.
package board

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// Key names an item: a message, question, poll or note by its number, a hand or a sanction by its account, and the settings
// and the programme by nothing.
type Key struct {
	Kind    Kind
	Number  int32
	Account uuid.UUID
}

// Kind is what sort of item it is.
type Kind int

// The kinds.
const (
	Message Kind = iota + 1
	Question
	Poll
	Settings
	Programme
	Hand
	Sanction
	Note
)

// Item is one thing on the board as it is now. What the audience may not see has no audience's version.
type Item struct {
	Key      Key
	Revision int32
	Audience proto.Message
	Hosts    proto.Message

	size int
}

// All is as much as there is.
const All = math.MaxInt32

// State is safe for use by many goroutines. What it gives away is shared and must not be changed.
type State struct {
	mu       sync.Mutex
	revision int32
	log      []*Item // by revision; what was overtaken is nil
	items    map[Key]*Item
	overtook int

	recent []*Said // without gaps, up to the last
	last   int32

	texts map[Query][]byte // what was asked for since the last change
}

// New is an empty board.
func New() *State { return &State{items: map[Key]*Item{}} }

// Revision is how far the state has come.
func (s *State) Revision() int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision
}

// Apply takes items that were read from the database when it was at this revision.
func (s *State) Apply(revision int32, items []Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = nil
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Revision, b.Revision) })
	for i := range items {
		s.put(&items[i])
	}
	s.revision = max(s.revision, revision)
	if s.overtook > 100 && s.overtook > len(s.log)/2 {
		s.log = slices.DeleteFunc(s.log, func(i *Item) bool { return i == nil })
		s.overtook = 0
	}
}

func (s *State) put(i *Item) {
	if was := s.items[i.Key]; was != nil {
		if was.Revision >= i.Revision {
			return
		}
		s.log[s.at(was)] = nil
		s.overtook++
	}
	i.size = proto.Size(i.Hosts) + 100 // the names of the fields
	s.items[i.Key] = i
	s.log = append(s.log, i)
	if m, ok := i.Audience.(*livewebinarpb.ChatMessage); ok {
		s.replace(m)
	}
}

func (s *State) at(item *Item) int {
	for n := len(s.log) - 1; n >= 0; n-- {
		if s.log[n] == item {
			return n
		}
	}
	return 0 // it is there: both are written together
}

// Query is who asks for what changed.
type Query struct {
	After int32
	// UpTo is the last chat message that the asker has: of later ones no change is told.
	UpTo int32
	Host bool
}

// frameMost bounds a board, so that it fits into a frame and into what a slow viewer may hold. What is in one revision is
// never divided, so this is where another is not begun.
const frameMost = 64 << 10

// Since is what changed. If it is too much it stops short, at a lower revision than that of the state.
func (s *State) Since(q Query) *livewebinarpb.Board {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since(q)
}

func (s *State) since(q Query) *livewebinarpb.Board {
	b := &livewebinarpb.Board{RevisionBefore: q.After, Revision: s.revision}
	size, group := 0, int32(0)
	for _, i := range s.log[s.from(q.After):] {
		if i == nil {
			continue
		}
		if size > frameMost && i.Revision != group {
			b.Revision = group
			return b
		}
		group = i.Revision
		if i.Key.Kind == Message && i.Key.Number > q.UpTo {
			continue
		}
		version := i.Audience
		if q.Host {
			version = i.Hosts
		}
		if add(b, version) {
			size += i.size
		}
	}
	return b
}

func (s *State) from(after int32) int {
	n := len(s.log)
	for n > 0 && (s.log[n-1] == nil || s.log[n-1].Revision > after) {
		n--
	}
	return n
}

// add puts a thing where it belongs; false when there is nothing for the one who asks.
func add(b *livewebinarpb.Board, m proto.Message) bool {
	switch m := m.(type) {
	case *livewebinarpb.ChatMessage:
		b.Messages = append(b.Messages, m)
	case *livewebinarpb.Question:
		b.Questions = append(b.Questions, m)
	case *livewebinarpb.Poll:
		b.Polls = append(b.Polls, m)
	case *livewebinarpb.Settings:
		b.Settings = m
	case *livewebinarpb.Programme:
		b.Programme = m
	case *livewebinarpb.Hand:
		b.Hands = append(b.Hands, m)
	case *livewebinarpb.Sanction:
		b.Sanctions = append(b.Sanctions, m)
	case *livewebinarpb.Note:
		b.Notes = append(b.Notes, m)
	default:
		return false
	}
	return true
}

// Empty says whether a board tells nothing but its revision.
func Empty(b *livewebinarpb.Board) bool {
	return len(b.GetMessages())+len(b.GetQuestions())+len(b.GetPolls())+len(b.GetHands())+len(b.GetSanctions())+len(b.GetNotes()) == 0 &&
		b.GetSettings() == nil && b.GetProgramme() == nil
}

// Settings is what the hosts set for the room.
func (s *State) Settings() *livewebinarpb.Settings {
	set, _ := s.hosts(Key{Kind: Settings}).(*livewebinarpb.Settings)
	return set
}

// Sanction is what holds for a person now; nil for most.
func (s *State) Sanction(account uuid.UUID, now time.Time) *livewebinarpb.Sanction {
	is, _ := s.hosts(Key{Kind: Sanction, Account: account}).(*livewebinarpb.Sanction)
	if is.GetKind() == "" || is.GetUntil() != nil && !now.Before(is.GetUntil().AsTime()) {
		return nil
	}
	return is
}

func (s *State) hosts(k Key) proto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.items[k]; i != nil {
		return i.Hosts
	}
	return nil
}

// Each calls look with every item of a kind that changed after a revision, in the version of hosts.
func (s *State) Each(kind Kind, after int32, look func(Key, proto.Message)) {
	s.mu.Lock()
	var found []*Item
	for _, i := range s.log[s.from(after):] {
		if i != nil && i.Key.Kind == kind {
			found = append(found, i)
		}
	}
	s.mu.Unlock()
	for _, i := range found {
		look(i.Key, i.Hosts)
	}
}

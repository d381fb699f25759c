package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// view is what a browser knows of a board, from joining, pushes and asking.
type view struct {
	t testing.TB
	s *seat
	// pushes are those of room: or, for a host, of backstage:.
	pushes chan *livewebinarpb.RoomPush

	revision  int32
	messages  map[int32]*livewebinarpb.ChatMessage
	questions map[int32]*livewebinarpb.Question
	polls     map[int32]*livewebinarpb.Poll
	hands     map[string]*livewebinarpb.Hand
	sanctions map[string]*livewebinarpb.Sanction
	notes     map[int32]*livewebinarpb.Note
	settings  *livewebinarpb.Settings
	heals     int // how often a gap was filled by asking
}

func (s *seat) view(t testing.TB) *view {
	t.Helper()
	v := &view{
		t: t, s: s, pushes: s.rooms, messages: map[int32]*livewebinarpb.ChatMessage{}, questions: map[int32]*livewebinarpb.Question{},
		polls: map[int32]*livewebinarpb.Poll{}, hands: map[string]*livewebinarpb.Hand{}, sanctions: map[string]*livewebinarpb.Sanction{},
		notes: map[int32]*livewebinarpb.Note{},
	}
	for _, m := range s.joined.GetMessages() {
		v.messages[m.GetSequence()] = m
	}
	v.take(s.joined.GetBoard())
	return v
}

// backstage is the view of a host, who need not be in the room.
func (s *seat) backstage(t testing.TB) *view {
	t.Helper()
	if err := s.Subscribe(t.Context(), "backstage:"+s.h.Webinar.String()); err != nil {
		t.Fatal(err)
	}
	v := s.view(t)
	v.pushes = s.behind
	v.heal()
	return v
}

// take applies a board; false when something before it is missing.
func (v *view) take(b *livewebinarpb.Board) bool {
	if b == nil || b.GetRevision() <= v.revision {
		return true
	}
	if b.GetRevisionBefore() > v.revision {
		return false
	}
	v.revision = b.GetRevision()
	for _, m := range b.GetMessages() {
		v.messages[m.GetSequence()] = m
	}
	for _, q := range b.GetQuestions() {
		v.questions[q.GetNumber()] = q
	}
	for _, p := range b.GetPolls() {
		v.polls[p.GetNumber()] = p
	}
	for _, h := range b.GetHands() {
		v.hands[h.GetAccountId()] = h
	}
	for _, s := range b.GetSanctions() {
		v.sanctions[s.GetAccountId()] = s
	}
	for _, n := range b.GetNotes() {
		v.notes[n.GetNumber()] = n
	}
	if b.GetSettings() != nil {
		v.settings = b.GetSettings()
	}
	return true
}

// heal asks for what is missing, until nothing is.
func (v *view) heal() *livewebinarpb.Mine {
	v.t.Helper()
	v.heals++
	for {
		var r livewebinarpb.StateResponse
		err := v.s.Call(v.t.Context(), "room.state", &livewebinarpb.StateRequest{WebinarId: v.s.h.Webinar.String(), AfterRevision: v.revision}, &r)
		if err != nil {
			v.t.Fatalf("room.state: %v", err)
		}
		v.take(r.GetBoard())
		if v.revision >= r.GetRevision() {
			return r.GetMine()
		}
	}
}

// until takes pushes until something is to be seen.
func (v *view) until(what string, is func() bool) {
	v.t.Helper()
	for end := time.After(45 * time.Second); !is(); {
		select {
		case p := <-v.pushes:
			for _, m := range p.GetMessages() {
				v.messages[m.GetSequence()] = m
			}
			if !v.take(p.GetBoard()) {
				v.t.Errorf("a gap: %d after %d", p.GetBoard().GetRevisionBefore(), v.revision)
				v.heal()
			}
		case <-end:
			v.t.Fatalf("waited in vain to see %s", what)
		}
	}
}

// same compares what two people know.
func (v *view) same(o *view) string {
	var all []string
	for n, q := range v.questions {
		all = append(all, differ(fmt.Sprint("question ", n), q, o.questions[n]))
	}
	for n, p := range v.polls {
		all = append(all, differ(fmt.Sprint("poll ", n), p, o.polls[n]))
	}
	for n, m := range v.messages {
		all = append(all, differ(fmt.Sprint("message ", n), m, o.messages[n]))
	}
	if v.settings != nil {
		all = append(all, differ("settings", v.settings, o.settings))
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "\n")
}

func differ(what string, a, b proto.Message) string {
	if proto.Equal(a, b) {
		return ""
	}
	return fmt.Sprintf("%s: %v and %v", what, a, b)
}

// do makes a call that is answered with Done.
func (s *seat) do(method string, request proto.Message) (*livewebinarpb.Done, error) {
	var done livewebinarpb.Done
	field := request.ProtoReflect().Descriptor().Fields().ByName("webinar_id")
	request.ProtoReflect().Set(field, valueOf(s.h.Webinar))
	err := s.Call(s.h.t.Context(), method, request, &done)
	return &done, err
}

// did is do for what must succeed.
func (s *seat) did(t testing.TB, method string, request proto.Message) *livewebinarpb.Done {
	t.Helper()
	done, err := s.do(method, request)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return done
}

// refused expects an error.
func (s *seat) refused(t testing.TB, code, method string, request proto.Message) {
	t.Helper()
	if _, err := s.do(method, request); !refused(err, code) {
		t.Errorf("%s: want %s, got %v", method, code, err)
	}
}

// ask asks a question and gives its number.
func (s *seat) ask(t testing.TB, body string, anonymous bool) int32 {
	t.Helper()
	return s.did(t, "question.ask", &livewebinarpb.AskRequest{Id: uuid.NewString(), Body: body, Anonymous: anonymous}).GetNumber()
}

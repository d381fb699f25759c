package board

import (
	"strings"
	"testing"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// What is encoded once is encoded anew when something changed, and hosts never share with the audience.
func TestTextsAreOfNow(t *testing.T) {
	t.Parallel()
	s := New()
	ask := func(q Query) string {
		t.Helper()
		text, err := s.SinceText(q)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s.Apply(1, []Item{question(1, 1, "before")})
	if first := ask(Query{}); !strings.Contains(first, "before") || strings.Contains(first, "Ana") || ask(Query{}) != first {
		t.Errorf("the audience is told %s", first)
	}
	if hosts := ask(Query{Host: true}); !strings.Contains(hosts, "Ana") {
		t.Errorf("hosts are told %s", hosts)
	}
	s.Apply(2, []Item{question(1, 2, "after")})
	if now := ask(Query{}); !strings.Contains(now, "after") || strings.Contains(now, "before") {
		t.Errorf("after a change: %s", now)
	}

	s.Said(messages(1, 2))
	latest := func() string {
		t.Helper()
		text, err := Texts(s.Latest(10))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if was := latest(); strings.Contains(was, "edited") || strings.Count(was, "sequence") != 2 {
		t.Errorf("said: %s", was)
	}
	edited := &livewebinarpb.ChatMessage{Sequence: 2, Body: "edited"}
	s.Apply(3, []Item{{Key: Key{Kind: Message, Number: 2}, Revision: 3, Audience: edited, Hosts: edited}})
	if now := latest(); !strings.Contains(now, "edited") {
		t.Errorf("after an edit: %s", now)
	}
	for n := range int32(3 * textsMost) {
		ask(Query{After: n})
	}
	if len(s.texts) > textsMost {
		t.Errorf("%d texts are remembered", len(s.texts))
	}
}

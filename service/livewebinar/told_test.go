package livewebinar

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	memory "github.com/rounds-cme/rounds/service/livewebinar/internal/board"
)

// An answer of shared parts reads as if it had been encoded whole.
func TestSharedPartsReadAsOne(t *testing.T) {
	t.Parallel()
	messages := []*livewebinarpb.ChatMessage{
		{Sequence: 1, Name: "Ana", Body: `she said: "yes", \ and </script>`}, {Sequence: 2, Body: "č", ReplyTo: &livewebinarpb.Quote{Sequence: 1}},
	}
	board := &livewebinarpb.Board{RevisionBefore: 1, Revision: 3, Questions: []*livewebinarpb.Question{{Number: 1, Body: "Why?"}}}
	state := memory.New()
	state.Remember(messages)
	text, err := memory.Texts(state.Latest(historyMost))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := protojson.Marshal(board)
	if err != nil {
		t.Fatal(err)
	}
	parts := []part{{"messages", text}, {"board", seen}}
	for name, own := range map[string]*livewebinarpb.JoinResponse{"nothing else": {}, "more": {LastSequence: 2, Host: true, Viewers: 5}} {
		encoded, err := encode(&told{own, parts})
		if err != nil {
			t.Fatal(err)
		}
		got := &livewebinarpb.JoinResponse{}
		if err := protojson.Unmarshal(encoded, got); err != nil {
			t.Fatalf("%s: %v: %s", name, err, encoded)
		}
		want, _ := proto.Clone(own).(*livewebinarpb.JoinResponse)
		want.Messages, want.Board = messages, board
		if !proto.Equal(got, want) {
			t.Errorf("%s: %s", name, encoded)
		}
	}
}

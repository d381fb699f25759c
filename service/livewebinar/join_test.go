package livewebinar

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
)

// BenchmarkJoin is what coming back into a busy room costs: the newest hundred messages, a board with questions, and what one
// did there.
func BenchmarkJoin(b *testing.B) {
	a := newArena(b)
	member := a.people[1]
	for n := range 100 {
		text := fmt.Appendf(nil, `{"webinarId":%q,"id":%q,"body":"A message of ordinary length, as people write them: %d"}`, arenaID, uuid.NewString(), n)
		if _, err := a.call(member, "chat.send", text); err != nil {
			b.Fatal(err)
		}
	}
	for n := range 8 {
		text := fmt.Appendf(nil, `{"webinarId":%q,"id":%q,"body":"A question of ordinary length: %d"}`, arenaID, uuid.NewString(), n)
		if _, err := a.call(member, "question.ask", text); err != nil {
			b.Fatal(err)
		}
	}
	join := fmt.Appendf(nil, `{"webinarId":%q}`, arenaID)
	size := 0
	for b.Loop() {
		text, err := a.call(member, "room.join", join)
		if err != nil {
			b.Fatal(err)
		}
		size = len(text)
	}
	b.ReportMetric(float64(size), "bytes")
}

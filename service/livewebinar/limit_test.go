package livewebinar

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
)

// A player that changes all the time makes an interval each time, and the meter looks at all of them under the lock of the room:
// before there was a limit, one member stopped everybody's meter within a quarter of an hour.
func TestWhoFloodsIsRefused(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	stands := time.Now()
	a.limits = newLimits(func() time.Time { return stands })
	member, host := a.people[1], a.people[2]
	players := []string{"PLAYER_PLAYING", "PLAYER_PAUSED"}
	for method, most := range map[string]int{"room.beat": 100, "room.join": 40, "chat.history": 40} {
		taken := 0
		for n := range most + 50 {
			data := fmt.Appendf(nil, `{"webinarId":%q,"sequence":%d,"player":%q}`, arenaID, n+1, players[n%2])
			_, err := a.call(member, method, data)
			switch {
			case err == nil:
				taken++
			case !errs.HasCode(err, "room.too_fast"):
				t.Fatalf("%s: %v", method, err)
			}
		}
		if taken != most {
			t.Errorf("%s: %d of %d were taken, not %d", method, taken, most+50, most)
		}
		if _, err := a.call(host, method, fmt.Appendf(nil, `{"webinarId":%q,"sequence":1,"player":"PLAYER_PLAYING"}`, arenaID)); err != nil {
			t.Errorf("%s of somebody else: %v", method, err)
		}
	}
	if _, err := a.call(member, "room.beat", fmt.Appendf(nil, `{"webinarId":%q,"sequence":1000,"player":"PLAYER_LEFT"}`, arenaID)); err != nil {
		t.Errorf("leaving: %v", err)
	}
	if _, in := a.rooms.holding(uuid.MustParse(arenaID)).Person(member.account, member.connection); in {
		t.Error("who left is still in the room")
	}
}

package live

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// Who hangs up while being let in is not in the room: nobody else would ever say that the connection is lost, and a presence check
// would be held against somebody who is not there.
func TestWhoHangsUpWhileEnteringIsGone(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	host := h.enter(h.Host, 0)
	accounts := make([]uuid.UUID, 20)
	for i := range accounts {
		accounts[i] = h.Account(fmt.Sprint("P", i))
	}
	join := fmt.Appendf(nil, `{"id":99,"rpc":{"method":"room.join","data":%s}}`, json.RawMessage(`{"webinarId":"`+h.Webinar.String()+`"}`))
	var all sync.WaitGroup
	for _, account := range accounts {
		all.Go(func() {
			for range 5 {
				c, err := Dial(t.Context(), h.Options(account))
				if err != nil {
					t.Error(err)
					return
				}
				if err := c.Subscribe(t.Context(), "room:"+h.Webinar.String()); err != nil {
					t.Error(err)
				}
				if err := c.Send(join); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // how far it has come by then is what is varied
				c.Kill()
				<-c.Done()
			}
		})
	}
	all.Wait()
	h.Await("only the host is in the room", func() bool {
		var r livewebinarpb.ViewersResponse
		err := host.Call(t.Context(), "host.viewers", &livewebinarpb.ViewersRequest{WebinarId: h.Webinar.String()}, &r)
		return err == nil && r.GetTotal() == 1 // who asks too often waits
	})
	h.Await("whoever came is written down as gone", func() bool {
		return h.Count(`SELECT count(*) FILTER (WHERE event = 'joined') - 1 - count(*) FILTER (WHERE event = 'lost') FROM livewebinar.beat`) == 0
	})
}

package livewebinar

import (
	"sync/atomic"

	"github.com/centrifugal/centrifuge"
	"golang.org/x/time/rate"
)

// allowance is how many frames a connection may still send. Who sends more is refused, who goes on is cut. It hangs on the
// connection, because the engine tells nobody of the end of one that was never let in: what is kept elsewhere would stay.
type allowance struct {
	limit   *rate.Limiter
	refused atomic.Int32
}

func newAllowance() allowance { return allowance{limit: rate.NewLimiter(framesPerSec, framesAtOnce)} }

// command sees every frame before it is handled.
func (s *server) command(client *centrifuge.Client, _ centrifuge.CommandReadEvent) error {
	id, is := client.Context().Value(identityKey{}).(*identity)
	if !is || id.frames.limit.Allow() {
		return nil // without an identity it is refused when it connects
	}
	if id.frames.refused.Add(1) > framesTooMany {
		return centrifuge.DisconnectTooManyRequests
	}
	return centrifuge.ErrorTooManyRequests
}

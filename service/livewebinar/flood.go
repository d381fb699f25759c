package livewebinar

import (
	"sync/atomic"

	"github.com/centrifugal/centrifuge"
	"golang.org/x/time/rate"
)

// allowance is how many frames a connection may still send. Who sends more is refused, who goes on is cut.
type allowance struct {
	limit   *rate.Limiter
	refused atomic.Int32
}

// command sees every frame before it is handled.
func (s *server) command(client *centrifuge.Client, _ centrifuge.CommandReadEvent) error {
	found, ok := s.frames.Load(client.ID())
	if !ok {
		found, _ = s.frames.LoadOrStore(client.ID(), &allowance{limit: rate.NewLimiter(framesPerSec, framesAtOnce)})
	}
	a, ok := found.(*allowance)
	if !ok || a.limit.Allow() {
		return nil
	}
	if a.refused.Add(1) > framesTooMany {
		return centrifuge.DisconnectTooManyRequests
	}
	return centrifuge.ErrorTooManyRequests
}

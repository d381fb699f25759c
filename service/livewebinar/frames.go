package livewebinar

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"

	"github.com/centrifugal/centrifuge"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/fanout"
)

// pushLine is a push as the engine's JSON protocol has it. Names of our channels need no escaping.
func pushLine(channel string, data []byte) []byte {
	const head, middle, tail = `{"push":{"channel":"`, `","pub":{"data":`, `}}}`
	line := make([]byte, 0, len(head)+len(channel)+len(middle)+len(data)+len(tail))
	line = append(append(line, head...), channel...)
	return append(append(append(line, middle...), data...), tail...)
}

func (s *server) newFan() *fanout.Fan {
	return fanout.New((runtime.GOMAXPROCS(0)+1)/2, func(_, id string, err error) {
		if !errors.Is(err, fanout.ErrSlow) {
			return // it has gone, and the engine knows
		}
		if client, ok := s.node.Hub().Connections()[id]; ok {
			go client.Disconnect(centrifuge.DisconnectSlow)
		}
	})
}

// hears lets a connection hear a room. It is called before the engine answers: what is said in between must not be missed.
func (s *server) hears(client *centrifuge.Client, channel string) {
	id, _ := client.Context().Value(identityKey{}).(*identity)
	if id != nil && id.conn != nil && client.Transport().Protocol() == centrifuge.ProtocolTypeJSON {
		s.fan.Add(channel, client.ID(), id.conn)
		return
	}
	s.fan.Add(channel, client.ID(), &engineMember{client, channel})
}

// engineMember is a viewer with whose connection the fan-out can do nothing: one of another protocol. It gets what the engine
// makes of it.
type engineMember struct {
	client  *centrifuge.Client
	channel string
}

// Push takes the frame apart again, which is dear, but nobody of ours comes this way.
func (m *engineMember) Push(frame []byte) error {
	for line := range strings.SplitSeq(string(fanout.Text(frame)), "\n") {
		var push struct {
			Push struct {
				Pub struct{ Data json.RawMessage }
			}
		}
		if err := json.Unmarshal([]byte(line), &push); err != nil {
			return err //nolint:wrapcheck // our own words
		}
		if !m.client.IsSubscribed(m.channel) {
			continue // the answer is on its way; what it holds is newer than this
		}
		if err := m.client.WritePublication(m.channel, &centrifuge.Publication{Data: push.Push.Pub.Data}, centrifuge.StreamPosition{}); err != nil {
			return err //nolint:wrapcheck // the engine's own
		}
	}
	return nil
}

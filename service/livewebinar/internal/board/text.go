package board

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// Said is a message of the chat with what it looks like in an answer. Thousands who come back at once are told the same hundred
// messages: making their text is most of what such an answer costs, so it is made once for all of them.
type Said struct {
	*livewebinarpb.ChatMessage

	once sync.Once
	text []byte
	err  error
}

// Told makes messages that are not remembered ready for an answer.
func Told(messages []*livewebinarpb.ChatMessage) []*Said {
	list := make([]*Said, len(messages))
	for i, m := range messages {
		list[i] = &Said{ChatMessage: m}
	}
	return list
}

// Text is the message as JSON. It is shared and must not be changed.
func (m *Said) Text() ([]byte, error) {
	m.once.Do(func() {
		if m.text, m.err = protojson.Marshal(m.ChatMessage); m.err != nil {
			m.err = fmt.Errorf("encode a message: %w", m.err)
		}
	})
	return m.text, m.err
}

func (m *Said) size() int { return proto.Size(m.ChatMessage) + 100 }

// Texts are messages as a list in JSON.
func Texts(messages []*Said) ([]byte, error) {
	size := 2
	for _, m := range messages {
		text, err := m.Text()
		if err != nil {
			return nil, err
		}
		size += len(text) + 1
	}
	list := append(make([]byte, 0, size), '[')
	for i, m := range messages {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, m.text...)
	}
	return append(list, ']'), nil
}

// textsMost is how many different questions are remembered with their answer. Those who were cut together ask the same.
const textsMost = 16

// SinceText is [State.Since] as JSON, made once for all who ask the same before the next change. It is shared.
func (s *State) SinceText(q Query) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, known := s.texts[q]; known {
		return text, nil
	}
	text, err := protojson.Marshal(s.since(q))
	if err != nil {
		return nil, fmt.Errorf("encode a board: %w", err)
	}
	if len(s.texts) >= textsMost || s.texts == nil {
		s.texts = map[Query][]byte{}
	}
	s.texts[q] = text
	return text, nil
}

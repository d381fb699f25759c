package board

import (
	"slices"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

const (
	// keep is how many messages are remembered. Who comes back after a moment has missed fewer.
	keep = 500
	// pageMost bounds the messages of one answer, like a board.
	pageMost = 96 << 10
)

// Last is the sequence of the last message.
func (s *State) Last() int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Said takes messages in order and gives those that are new. False when some between are missing: then it takes none.
func (s *State) Said(messages []*livewebinarpb.ChatMessage) ([]*livewebinarpb.ChatMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(messages) > 0 && messages[0].GetSequence() <= s.last {
		messages = messages[1:]
	}
	if len(messages) == 0 {
		return nil, true
	}
	if messages[0].GetSequence() != s.last+1 {
		return nil, false
	}
	s.append(messages)
	return messages, true
}

// Remember begins the memory with the newest messages.
func (s *State) Remember(newest []*livewebinarpb.ChatMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(newest) > 0 && newest[len(newest)-1].GetSequence() > s.last {
		s.recent = nil
		s.append(newest)
	}
}

func (s *State) append(messages []*livewebinarpb.ChatMessage) {
	for _, m := range messages {
		if i := s.items[Key{Kind: Message, Number: m.GetSequence()}]; i != nil { // it has changed meanwhile
			if newer, ok := i.Audience.(*livewebinarpb.ChatMessage); ok {
				m = newer
			}
		}
		s.recent = append(s.recent, &Said{ChatMessage: m})
	}
	s.last = messages[len(messages)-1].GetSequence()
	if n := len(s.recent); n > 2*keep {
		s.recent = append([]*Said(nil), s.recent[n-keep:]...)
	}
}

func (s *State) replace(m *livewebinarpb.ChatMessage) {
	if n := s.place(m.GetSequence()); n >= 0 {
		s.recent[n] = &Said{ChatMessage: m}
	}
}

// place is where a message is in memory; below 0 when it is not.
func (s *State) place(sequence int32) int {
	first := s.last - int32(len(s.recent)) + 1 //nolint:gosec // at most 2*keep
	if sequence < first || sequence > s.last {
		return -1
	}
	return int(sequence - first)
}

// Message is one of the newest messages, or one that changed; nil when it is not remembered.
func (s *State) Message(sequence int32) *livewebinarpb.ChatMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.place(sequence); n >= 0 {
		return s.recent[n].ChatMessage
	}
	if i := s.items[Key{Kind: Message, Number: sequence}]; i != nil {
		m, _ := i.Audience.(*livewebinarpb.ChatMessage)
		return m
	}
	return nil
}

// Latest are the newest messages, as many as fit.
func (s *State) Latest(most int) []*Said {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, size := len(s.recent), 0
	for from > 0 && len(s.recent)-from < most && size < pageMost {
		from--
		size += s.recent[from].size()
	}
	return slices.Clone(s.recent[from:])
}

// After are the messages after one, as many as fit; false when they are not all remembered.
func (s *State) After(sequence int32, most int) ([]*Said, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sequence >= s.last {
		return nil, true
	}
	n := s.place(sequence + 1)
	if n < 0 {
		return nil, false
	}
	return Fit(s.recent[n:], most), true
}

// Fit are the first messages that fit into one answer.
func Fit(messages []*Said, most int) []*Said {
	n, size := 0, 0
	for n < len(messages) && n < most && size < pageMost {
		size += messages[n].size()
		n++
	}
	return slices.Clone(messages[:n])
}

package crowd

// Ledger is what one viewer has seen of a gapless sequence. It trusts nothing but the numbers: a message that never came,
// came twice, or came after a later one shows.
//
// Whoever comes in is told in an answer what was said before, and subscribes first so that nothing is missed: a message that is
// said at that moment may be in the answer and be pushed too. A page shows it once, by its number; it is an overlap, not a double.
type Ledger struct {
	// Seen counts messages, each once; Doubled those that were pushed again; Reordered those that came after a later one.
	Seen, Doubled, Reordered int
	// Overlaps counts pushes of what an answer had told already.
	Overlaps int

	last    int32 // the highest number in all
	pushed  int32 // on this connection
	told    int32 // by answers on this connection
	missing map[int32]bool
}

// Begin says that this viewer is owed everything after this number, the last one in the answer to a newcomer.
func (l *Ledger) Begin(last int32) { l.last, l.told = last, last }

// Connect says that a connection begins.
func (l *Ledger) Connect() { l.pushed, l.told = 0, 0 }

// Last is the highest number so far.
func (l *Ledger) Last() int32 { return l.last }

// Told notes a message that came in an answer.
func (l *Ledger) Told(sequence int32) {
	l.told = max(l.told, sequence)
	l.note(sequence)
}

// See notes a message that was pushed.
func (l *Ledger) See(sequence int32) {
	if sequence <= l.told && sequence > l.pushed && !l.missing[sequence] {
		l.pushed = sequence
		l.Overlaps++
		return
	}
	l.pushed = max(l.pushed, sequence)
	l.note(sequence)
}

func (l *Ledger) note(sequence int32) {
	switch {
	case sequence > l.last:
		for n := l.last + 1; n < sequence; n++ {
			if l.missing == nil {
				l.missing = map[int32]bool{}
			}
			l.missing[n] = true
		}
		l.last = sequence
		l.Seen++
	case l.missing[sequence]:
		delete(l.missing, sequence)
		l.Seen++
		l.Reordered++
	default:
		l.Doubled++
	}
}

// Lost is how many are missing, when this is the number of the last message that was sent.
func (l *Ledger) Lost(last int32) int {
	return len(l.missing) + int(max(0, last-l.last))
}

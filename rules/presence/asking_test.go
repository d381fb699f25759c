package presence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

var noon = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

const (
	window = credit.Seconds(75)
	enough = 20 * time.Second
)

func second(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }

// ticks lets seconds pass, and gives the numbers of the checks that were sent meanwhile.
func ticks(a *Asking, from, to int) (sent []int) {
	for s := from; s < to; s++ {
		for _, asked := range a.Tick(second(s)).Send {
			sent = append(sent, asked.Number)
		}
	}
	return sent
}

// What is lost on its way is owed; who comes back is asked again, and has missed it in the end.
func TestOwedUntilItArrived(t *testing.T) {
	t.Parallel()
	a := NewAsking([]time.Time{second(10)}, window, enough)
	a.Enter(second(0), "one")
	if sent := ticks(a, 0, 12); !slices.Equal(sent, []int{1}) {
		t.Fatalf("sent %v", sent)
	}
	a.Leave("one")
	if sent := ticks(a, 12, 300); len(sent) != 0 || !a.Check(1).Delivered.IsZero() {
		t.Fatalf("nobody is there, but %v is sent and %+v", sent, a.Check(1))
	}
	asked := a.Enter(second(300), "two")
	if asked == nil || asked.Number != 1 || asked.Left != window.Duration() {
		t.Fatalf("on coming back: %+v", asked)
	}
	ticks(a, 300, 321)
	if c := a.Check(1); !c.Delivered.Equal(second(320)) {
		t.Fatalf("after the proof: %+v", c)
	}
	missed := 0
	for s := 321; s < 500; s++ {
		missed += len(a.Tick(second(s)).Missed)
	}
	if _, waits := a.Next(second(500)); missed != 1 || waits {
		t.Errorf("missed %d times, waits still: %v", missed, waits)
	}
}

// Three connections that had it for certain, however short, are as good as one that stayed.
func TestThreeEchoes(t *testing.T) {
	t.Parallel()
	a := NewAsking([]time.Time{second(0)}, window, enough)
	a.Enter(second(0), "0")
	ticks(a, 0, 1)
	a.Leave("0")
	for n := 1; n <= 3; n++ {
		if !a.Check(1).Delivered.IsZero() {
			t.Fatalf("delivered before connection %d", n)
		}
		stream, from := fmt.Sprint(n), 10*n
		a.Enter(second(from), stream)
		a.Beat(second(from+1), stream)
		a.Leave(stream)
	}
	if a.Check(1).Delivered.IsZero() {
		t.Error("not delivered after three")
	}
}

// anything plays what a client and its network may do, with what the room does, and gives the checks.
func anything(t *testing.T, rnd *rand.Rand) []credit.Check {
	t.Helper()
	var dues []time.Time
	for i := range rnd.IntN(4) {
		dues = append(dues, second(i*120+rnd.IntN(100)))
	}
	a := NewAsking(dues, window, enough)
	streams := []string{"a", "b", "c"}
	here, had := map[string]bool{}, map[int]bool{}
	for s := range 600 {
		turn := a.Tick(second(s))
		for _, asked := range turn.Send {
			if had[asked.Number] = true; len(here) == 0 {
				t.Fatalf("check %d is sent to nobody", asked.Number)
			}
		}
		for _, number := range turn.Missed {
			if c := a.Check(number); c.Delivered.IsZero() || !c.Answered.IsZero() || second(s).Sub(c.Delivered) <= window.Duration() {
				t.Fatalf("missed at %d: %+v", s, c)
			}
		}
		stream, number := streams[rnd.IntN(len(streams))], rnd.IntN(6)-1
		switch rnd.IntN(12) {
		case 0:
			if asked := a.Enter(second(s), stream); asked != nil && !had[asked.Number] {
				t.Fatalf("check %d is handed over before it was sent", asked.Number)
			}
			here[stream] = true
		case 1:
			a.Leave(stream)
			delete(here, stream)
		case 2, 3:
			a.Beat(second(s), stream)
		case 4:
			a.Shown(second(s), stream, number)
		case 5:
			answer, sent := a.Answer(second(s), stream, number)
			if sent && (!here[stream] || !had[number]) || !sent && answer != (Answer{}) {
				t.Fatalf("check %d is answered: %+v, %v", number, answer, sent)
			}
		}
	}
	for _, c := range a.Checks() {
		if c.Sent.IsZero() != !had[c.Number] || !c.Sent.IsZero() && c.Sent.Before(c.Due) || !c.Delivered.IsZero() && c.Delivered.Before(c.Sent) ||
			c.Sent.IsZero() && !c.Delivered.IsZero() || !c.Answered.IsZero() && (c.Delivered.IsZero() || c.Answered.Before(c.Delivered)) {
			t.Fatalf("cannot be: %+v", c)
		}
	}
	return a.Checks()
}

// always is what holds whatever client and network do. The same happenings give the same bytes.
func always(t *testing.T, one, two uint64) {
	t.Helper()
	write := func() []byte {
		data, err := json.Marshal(anything(t, rand.New(rand.NewPCG(one, two))))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if first, again := write(), write(); !bytes.Equal(first, again) {
		t.Fatalf("the same happenings, other checks:\n%s\n%s", first, again)
	}
}

func TestAskingAlways(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		always(t, seed, 1)
	}
}

func FuzzAsking(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(always)
}

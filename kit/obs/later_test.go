package obs_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rounds-cme/rounds/kit/obs"
)

// slow counts how often it is written to.
type slow struct {
	mu    sync.Mutex
	text  bytes.Buffer
	calls int
	fails error
}

func (s *slow) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fails != nil {
		return 0, s.fails
	}
	return s.text.Write(p)
}

func (s *slow) state() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.calls
}

func TestLaterWritesWithinItsDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		file := &slow{}
		l := obs.NewLater(file)
		for round := 1; round <= 2; round++ {
			for i := range 10 {
				_, _ = fmt.Fprintf(l, "line %d\n", i)
			}
			if _, calls := file.state(); calls != round-1 {
				t.Errorf("round %d: written at once", round)
			}
			time.Sleep(200 * time.Millisecond) // of the test's own clock
			synctest.Wait()
			if text, calls := file.state(); calls != round || strings.Count(text, "\n") != 10*round {
				t.Errorf("round %d: %d calls, %q", round, calls, text)
			}
		}
	})
}

func TestLaterKeepsOrderAndLosesNothing(t *testing.T) {
	t.Parallel()
	file, want := &slow{}, &bytes.Buffer{}
	l := obs.NewLater(file)
	for i := range 5000 {
		line := strings.Repeat("x", i%100) + fmt.Sprintf(" %d\n", i)
		if i == 2500 {
			line = strings.Repeat("y", 100_000) + "\n" // longer than all that may wait
		}
		want.WriteString(line)
		if n, err := l.Write([]byte(line)); err != nil || n != len(line) {
			t.Fatal(n, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = l.Write([]byte("after the end\n"))
	text, calls := file.state()
	if text != want.String()+"after the end\n" || calls > 20 {
		t.Errorf("%d bytes of %d in %d calls", len(text), want.Len(), calls)
	}
}

func TestLaterForgetsWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	file := &slow{fails: full}
	l := obs.NewLater(file)
	_, _ = l.Write([]byte("lost\n"))
	if err := l.Flush(); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	file.mu.Lock()
	file.fails = nil
	file.mu.Unlock()
	_, _ = l.Write([]byte("kept\n"))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if text, _ := file.state(); text != "kept\n" {
		t.Errorf("got %q", text)
	}
}

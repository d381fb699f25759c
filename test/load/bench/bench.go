// Package bench lets what is made for tests, such as a database or a broker of one's own, serve a measurement. A measurement
// is no test: it fails with an error that its table goes on after, and it cleans up even when somebody ends it with a panic.
package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// T is a testing.TB outside of a test: what fails a test panics here, and Run makes an error of it.
type T struct {
	testing.TB

	cleanups []func()
}

// Run measures, and cleans up after it whatever happens.
func Run(measure func(t *T) error) (err error) {
	t := &T{}
	defer t.End()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	return measure(t)
}

// Helper implements testing.TB.
func (t *T) Helper() {}

// Context implements testing.TB.
func (t *T) Context() context.Context { return context.Background() }

// Cleanup implements testing.TB.
func (t *T) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Fatal implements testing.TB.
func (t *T) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// Fatalf implements testing.TB.
func (t *T) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// Errorf implements testing.TB.
func (t *T) Errorf(f string, a ...any) {
	fmt.Fprintf(os.Stderr, strings.TrimSuffix(f, "\n")+"\n", a...)
}

// TempDir implements testing.TB.
func (t *T) TempDir() string {
	dir, err := os.MkdirTemp("", "rounds-load-")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// End cleans up, the last first.
func (t *T) End() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	t.cleanups = nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// steps tells somebody at a terminal what is being done, one line a step, and how long it took.
type steps struct {
	out      io.Writer
	now      func() time.Time
	notes    string
	terminal bool // A line may be written over.
}

func newSteps(out io.Writer, now func() time.Time) *steps {
	s := &steps{out: out, now: now}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		s.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

func (s *steps) run(ctx context.Context, name string, do func(context.Context) error) error {
	began := s.now()
	s.notes = ""
	if s.terminal {
		fmt.Fprintf(s.out, "  … %s\r", name)
	}
	if err := do(ctx); err != nil {
		fmt.Fprintf(s.out, "  ✗ %s\n", name)
		return err
	}
	fmt.Fprintf(s.out, "  ✓ %-15s %5.1f s  %s\n", name, s.now().Sub(began).Seconds(), s.notes)
	return nil
}

// note says something about the step under way, shown when it is done.
func (s *steps) note(format string, arguments ...any) { s.notes = fmt.Sprintf(format, arguments...) }

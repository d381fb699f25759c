package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// steps tells somebody at a terminal what is being done, one line a step, and how long it took.
type steps struct {
	out   io.Writer
	now   func() time.Time
	notes string
}

func (s *steps) run(ctx context.Context, name string, do func(context.Context) error) error {
	began := s.now()
	s.notes = ""
	fmt.Fprintf(s.out, "  … %s\r", name)
	if err := do(ctx); err != nil {
		fmt.Fprintf(s.out, "  ✗ %s\n", name)
		return err
	}
	fmt.Fprintf(s.out, "  ✓ %-15s %5.1f s  %s\n", name, s.now().Sub(began).Seconds(), s.notes)
	return nil
}

// note says something about the step under way, shown when it is done.
func (s *steps) note(format string, arguments ...any) { s.notes = fmt.Sprintf(format, arguments...) }

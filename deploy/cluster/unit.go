package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// running is a program while it runs.
type running interface {
	Done() <-chan struct{}
	Stop(patience time.Duration)
	Kill()
	Pid() int
}

// unit is a program that is to run, and is started again when it ends.
type unit struct {
	name  string
	start func(context.Context) (running, error) // returns when it can be used
	say   func(format string, arguments ...any)

	mu  sync.Mutex
	now running
}

// pause is how long what cannot be started is left alone.
const pause = time.Second

// begin starts it, and sees to it that it runs until ctx ends.
func (u *unit) begin(ctx context.Context) error {
	if err := u.again(ctx); err != nil {
		return fmt.Errorf("%s: %w", u.name, err)
	}
	go u.keep(ctx)
	return nil
}

func (u *unit) again(ctx context.Context) error {
	r, err := u.start(ctx)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if ctx.Err() != nil { // nobody will end it any more
		r.Kill()
		return ctx.Err()
	}
	u.now = r
	return nil
}

func (u *unit) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.current().Done():
		}
		if ctx.Err() != nil {
			return
		}
		u.say("%s has ended and is started again", u.name)
		for err := u.again(ctx); err != nil && ctx.Err() == nil; err = u.again(ctx) {
			u.say("%s cannot be started yet: %v", u.name, err)
			time.Sleep(pause)
		}
	}
}

func (u *unit) current() running {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.now
}

// end ends it in order. The context that it was begun with has ended before.
func (u *unit) end(patience time.Duration) {
	if r := u.current(); r != nil {
		r.Stop(patience)
	}
}

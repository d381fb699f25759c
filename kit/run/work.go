package run

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	mostPause  = 30 * time.Second
	// calm is how long work must have run for its next failure to count as the first one.
	calm = time.Minute
)

// keep runs work until ctx ends, again and again when it fails, with growing pauses.
func keep(ctx context.Context, log *slog.Logger, work Work) {
	pause := firstPause
	for {
		began := time.Now()
		err := guarded(ctx, work)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > calm {
			pause = firstPause
		}
		log.Error("work stopped and is started again", "work", work.Name, "error", err, "pause", pause.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, mostPause)
	}
}

// guarded turns a panic into an error: one broken message must not take eight other services with it.
func guarded(ctx context.Context, work Work) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return work.Run(ctx)
}

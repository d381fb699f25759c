package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listen calls wake whenever somebody notifies channel, on a connection of its own. A notification is only a wake-up:
// it is lost while the connection is down, so wake is also called after each connect, and callers poll besides. Listen
// returns when ctx ends.
func Listen(ctx context.Context, config *pgx.ConnConfig, channel string, wake func()) {
	pause := minPause
	for ctx.Err() == nil {
		started := time.Now()
		_ = listen(ctx, config, channel, wake)
		if time.Since(started) > maxPause {
			pause = minPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

const (
	minPause = 50 * time.Millisecond
	maxPause = 5 * time.Second
)

func listen(ctx context.Context, config *pgx.ConnConfig, channel string, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	wake()
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("wait on %s: %w", channel, err)
		}
		wake()
	}
}

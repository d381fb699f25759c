package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
)

// queueCommand is for operators: what waits, what died and why, and what is to become of it. It works on the driver that the
// services use, which the same settings choose.
type queueCommand struct {
	List   queueListCommand   `cmd:"" help:"Show how much waits in each queue, and how long."`
	Peek   queuePeekCommand   `cmd:"" help:"Show the dead letters of a queue with their reasons, the newest first."`
	Replay queueReplayCommand `cmd:"" help:"Put dead letters back to work."`
	Purge  queuePurgeCommand  `cmd:"" help:"Delete what waits in a queue."`
}

type (
	queueListCommand struct{}
	queuePeekCommand struct {
		Queue string `arg:"" help:"Name of the queue."`
		Limit int    `default:"20" help:"Most letters to show."`
	}
	queueReplayCommand struct {
		Queue string      `arg:"" help:"Name of the queue."`
		IDs   []uuid.UUID `arg:"" optional:"" name:"id" help:"Letters to put back; all of the queue when none is named."`
	}
	queuePurgeCommand struct {
		Queue string `arg:"" help:"Name of the queue."`
		Yes   bool   `required:"" help:"It cannot be taken back, so say that you mean it."`
	}
)

const operatorTime = 2 * time.Minute

// operate gives an operator the driver of a queue, at a broker with the account of the service that works on it.
func operate(s *settings, names []string, act func(context.Context, queue.Driver, string) error) error {
	address, err := s.adminURL(mainDatabase)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), operatorTime)
	defer cancel()
	pool, err := db.Pool(ctx, address, 2)
	if err != nil {
		return fmt.Errorf("--database-url: %w", err)
	}
	defer pool.Close()
	known := 0
	for _, q := range queues() {
		for _, name := range names {
			if name != q.Name {
				continue
			}
			known++
			if err := operateOne(s, pool, q, func(d queue.Driver) error { return act(ctx, d, name) }); err != nil {
				return err
			}
		}
	}
	if known < len(names) {
		return errors.New("there is no such queue; rounds queue list shows them")
	}
	return nil
}

func operateOne(s *settings, pool *pgxpool.Pool, q rabbitmq.Queue, act func(queue.Driver) error) error {
	log := slog.New(slog.DiscardHandler)
	if s.BrokerURL == "" {
		return act(queuepg.New(pool, log, nil, time.Now))
	}
	address, err := s.broker(q.Take)
	if err != nil {
		return err
	}
	d, err := rabbitmq.New(rabbitmq.Config{URL: address, Service: q.Take, Table: queues()}, pool, log, nil, time.Now)
	if err != nil {
		return fmt.Errorf("--broker-url: %w", err)
	}
	defer d.Close()
	return act(d)
}

// Run implements the command.
func (queueListCommand) Run(cli *program, out io.Writer) error {
	var names []string
	for _, q := range queues() {
		names = append(names, q.Name)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "queue\tready\tdelayed\ttaken\tdead\toldest")
	err := operate(&cli.settings, names, func(ctx context.Context, d queue.Driver, name string) error {
		s, err := d.Stats(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\n", name, s.Ready, s.Delayed, s.Taken, s.Dead, s.Oldest.Round(time.Second))
		return nil
	})
	return errors.Join(err, table.Flush())
}

// Run implements the command. Bodies are not shown: they may hold what is nobody's business.
func (c queuePeekCommand) Run(cli *program, out io.Writer) error {
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		letters, err := d.Dead(ctx, name, c.Limit)
		for _, l := range letters {
			fmt.Fprintf(out, "%s  %s  %s, attempt %d, put %s, died %s: %s\n", l.ID, l.Type, l.Key, l.Attempt,
				l.PutAt.UTC().Format(time.RFC3339), l.DiedAt.UTC().Format(time.RFC3339), l.Reason)
		}
		return err
	})
}

// Run implements the command.
func (c queueReplayCommand) Run(cli *program, out io.Writer) error {
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		n, err := d.Replay(ctx, name, c.IDs...)
		fmt.Fprintf(out, "%d dead letters of %s are back in the queue.\n", n, name)
		return err
	})
}

// Run implements the command.
func (c queuePurgeCommand) Run(cli *program, out io.Writer) error {
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		n, err := d.Purge(ctx, name)
		fmt.Fprintf(out, "%d messages of %s are deleted.\n", n, name)
		return err
	})
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os/user"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
)

// queueCommand is for operators: what waits, what died and why, and what is to become of it. It works on the driver that the
// services use, which the same settings choose. What a message carries is shown as far as its .proto opens it (kit/queue/desk).
type queueCommand struct {
	List   queueListCommand   `cmd:"" help:"Show how much waits in each queue and how long, how fast it goes, and why messages died."`
	Peek   queuePeekCommand   `cmd:"" help:"Show what waits in a queue without taking it, or its dead letters."`
	Replay queueReplayCommand `cmd:"" help:"Put dead letters back to work."`
	Purge  queuePurgeCommand  `cmd:"" help:"Delete what waits in a queue, or its dead letters; or lay aside what waits, which replay takes back."`
}

type (
	queueListCommand struct {
		JSON bool `help:"As JSON, for programs."`
	}
	queuePeekCommand struct {
		Queue string `arg:"" help:"Name of the queue."`
		Dead  bool   `help:"Dead letters, the newest first, instead of what waits."`
		Limit int    `default:"20" help:"Most messages to show."`
		JSON  bool   `help:"As JSON, for programs."`
	}
	queueReplayCommand struct {
		Queue  string      `arg:"" help:"Name of the queue."`
		IDs    []uuid.UUID `arg:"" optional:"" name:"id" help:"Dead letters to put back."`
		Reason string      `help:"Put back all that died of this reason, as peek and list show it."`
		All    bool        `help:"Put back all of the queue."`
	}
	queuePurgeCommand struct {
		Queue string `arg:"" help:"Name of the queue."`
		Dead  bool   `help:"Delete its dead letters instead of what waits."`
		Aside bool   `help:"Make dead letters of what waits instead of deleting it: replay takes it back."`
		Yes   bool   `help:"Say that you mean it; without that it is only told what would be deleted."`
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

// row is a queue in the list.
type queueRow struct {
	Queue   string        `json:"queue"`
	Ready   int           `json:"ready"`
	Delayed int           `json:"delayed"`
	Taken   int           `json:"taken"`
	Dead    int           `json:"dead"`
	Oldest  float64       `json:"oldest_seconds"`
	Rates   queueRates    `json:"per_minute"`
	Reasons []desk.Reason `json:"reasons,omitempty"`
	Problem string        `json:"problem,omitempty"`
}

// queueRates are messages a minute.
type queueRates struct {
	Put         float64 `json:"put"`
	Done        float64 `json:"done"`
	Retried     float64 `json:"retried"`
	Redelivered float64 `json:"redelivered"`
	Died        float64 `json:"died"`
}

// mostReasons is how many of the newest dead letters are looked at for their reasons.
const mostReasons = 1000

// rowOf asks all about one queue. A broker that is away does not hide what the outbox knows.
func rowOf(ctx context.Context, d queue.Driver, name string) queueRow {
	s, err := d.Stats(ctx, name)
	a := func(n int) float64 { return math.Round(float64(n)/queue.Recent.Minutes()*10) / 10 }
	f := s.Recent
	row := queueRow{
		Queue: name, Ready: s.Ready, Delayed: s.Delayed, Taken: s.Taken, Dead: s.Dead, Oldest: s.Oldest.Seconds(),
		Rates: queueRates{Put: a(f.Put), Done: a(f.Done), Retried: a(f.Retried), Redelivered: a(f.Again), Died: a(f.Dead)},
	}
	if err == nil && s.Dead > 0 {
		var letters []queue.Letter
		letters, err = d.Dead(ctx, name, mostReasons)
		row.Reasons = desk.Reasons(letters)
	}
	if err != nil {
		row.Problem = err.Error()
	}
	return row
}

// Run implements the command.
func (c queueListCommand) Run(cli *program, out io.Writer) error {
	var names []string
	for _, q := range queues() {
		names = append(names, q.Name)
	}
	var rows []queueRow
	var failed error
	err := operate(&cli.settings, names, func(ctx context.Context, d queue.Driver, name string) error {
		row := rowOf(ctx, d, name)
		if rows = append(rows, row); row.Problem != "" {
			failed = errors.New("not every queue could be asked")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return errors.Join(printJSON(out, rows), failed)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "queue\tready\tdelayed\ttaken\tdead\toldest\tput/min\tdone/min\tretried/min\tredelivered/min")
	for _, r := range rows {
		oldest := time.Duration(r.Oldest * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%s\t%g\t%g\t%g\t%g\n", r.Queue, r.Ready, r.Delayed, r.Taken, r.Dead, oldest,
			r.Rates.Put, r.Rates.Done, r.Rates.Retried, r.Rates.Redelivered)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		for _, why := range r.Reasons {
			fmt.Fprintf(out, "%s: %d dead, the last %s: %s\n", r.Queue, why.Count, stamp(why.Last), why.Text)
		}
		if r.Problem != "" {
			fmt.Fprintf(out, "%s: %s\n", r.Queue, r.Problem)
		}
	}
	return failed
}

func printJSON(out io.Writer, value any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Run implements the command.
func (c queuePeekCommand) Run(cli *program, out io.Writer) error {
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		see := d.Waiting
		if c.Dead {
			see = d.Dead
		}
		letters, err := see(ctx, name, c.Limit)
		outlines := []desk.Outline{}
		for _, l := range letters {
			outlines = append(outlines, desk.Of(&l))
		}
		if c.JSON {
			return errors.Join(printJSON(out, outlines), err)
		}
		for _, o := range outlines {
			fmt.Fprintln(out, line(o))
		}
		if len(outlines) == 0 && err == nil {
			fmt.Fprintf(out, "There is nothing in %s.\n", name)
		}
		return err
	})
}

// line is a message in one line.
func line(o desk.Outline) string {
	parts := []string{o.ID, o.State, o.Kind, fmt.Sprintf("priority %d", o.Priority), fmt.Sprintf("%d attempts", o.Attempts), "put " + stamp(o.PutAt)}
	for _, at := range []struct {
		name string
		time.Time
	}{{"due", o.DueAt}, {"expires", o.Expires}, {"died", o.DiedAt}} {
		if !at.IsZero() {
			parts = append(parts, at.name+" "+stamp(at.Time))
		}
	}
	if o.Key != "" {
		parts = append(parts, "key "+o.Key)
	}
	for _, f := range o.Fields {
		if f.Hidden {
			f.Value = "(hidden)"
		}
		parts = append(parts, f.Name+"="+f.Value)
	}
	if o.Broken {
		parts = append(parts, "what it carries cannot be read")
	}
	if o.Reason != "" {
		parts = append(parts, "reason: "+o.Reason)
	}
	return strings.Join(parts, "  ")
}

// Run implements the command.
func (c queueReplayCommand) Run(cli *program, out io.Writer) error {
	if ways := []bool{len(c.IDs) > 0, c.Reason != "", c.All}; len(slices.DeleteFunc(ways, func(chosen bool) bool { return !chosen })) != 1 {
		return errors.New("say which dead letters: their ids, --reason, or --all")
	}
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		which, text := queue.Pick{IDs: c.IDs}, c.Reason
		for n, id := range c.IDs {
			text += strings.Repeat(" ", min(n, 1)) + id.String()
		}
		if c.Reason != "" {
			found, some, err := desk.OfReason(ctx, d, name, c.Reason)
			if err != nil {
				return err
			}
			if !some {
				return fmt.Errorf("no dead letter of %s has this reason; rounds queue list shows them", name)
			}
			which = found
		}
		n, err := byHand(ctx, d, name, "replay", text, func() (int, error) { return d.Replay(ctx, name, which) })
		fmt.Fprintf(out, "%d dead letters of %s are back in the queue.\n", n, name)
		return err
	})
}

// byHand notes who does it, as the backoffice does.
func byHand(ctx context.Context, d queue.Driver, name, what, which string, do func() (int, error)) (int, error) {
	who := "command line"
	if u, err := user.Current(); err == nil {
		who += " (" + u.Username + ")"
	}
	return d.Note(ctx, queue.Operation{ID: uuid.New(), Queue: name, What: what, Actor: who, Which: which}, do)
}

// Run implements the command.
func (c queuePurgeCommand) Run(cli *program, out io.Writer) error {
	if c.Dead && c.Aside {
		return errors.New("dead letters lie aside already: say --dead or --aside")
	}
	return operate(&cli.settings, []string{c.Queue}, func(ctx context.Context, d queue.Driver, name string) error {
		what, done := "purge", "%d messages of %s are deleted.\n"
		do := func() (int, error) { return d.Purge(ctx, name) }
		s, err := d.Stats(ctx, name)
		if err != nil {
			return err
		}
		would := fmt.Sprintf("this deletes %d messages that wait in %s for good", s.Ready+s.Delayed, name)
		switch {
		case c.Dead:
			what, would = "discard", fmt.Sprintf("this deletes %d dead letters of %s for good", s.Dead, name)
			do = func() (int, error) { return d.Discard(ctx, name, queue.Pick{}) }
		case c.Aside:
			what, done = "set aside", "%d messages of %s are dead letters now; rounds queue replay takes them back.\n"
			would = fmt.Sprintf("this makes dead letters of %d messages that wait in %s", s.Ready+s.Delayed, name)
			do = func() (int, error) { return d.SetAside(ctx, name, desk.Aside) }
		}
		if !c.Yes {
			return errors.New(would + "; add --yes if you mean it")
		}
		n, err := byHand(ctx, d, name, what, "", do)
		fmt.Fprintf(out, done, n, name)
		return err
	})
}

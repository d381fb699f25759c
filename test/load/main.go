// Command load measures Rounds on this machine: go run ./test/load, or one of article, personal, shapes, up, room, reminders, timers, queue, events.
//
// Every measurement starts what it needs, speaks the real protocol, and prints a table with what the machine was, beside a floor:
// the least that any program would take for the same. Nothing here is a test: the figures depend on the machine and on what else
// runs on it. README.md tells how to read them.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/test/live"
	"github.com/rounds-cme/rounds/test/load/news"
	"github.com/rounds-cme/rounds/test/load/page"
	"github.com/rounds-cme/rounds/test/load/reminders"
	"github.com/rounds-cme/rounds/test/load/room"
	"github.com/rounds-cme/rounds/test/load/start"
)

type commands struct {
	All      all           `cmd:"" default:"1" help:"Everything below, one after the other."`
	Article  page.Article  `cmd:"" help:"The page of an article with 50 comments, beside a bare server that writes the same."`
	Personal page.Personal `cmd:"" help:"The personal page, beside a bare server that writes the same."`
	Shapes   page.Shapes   `cmd:"" help:"What NGINX and nine services in processes of their own add to a page, beside rounds up."`
	Up       start.Command `cmd:"" help:"How long rounds up takes, how much memory it holds at rest, and how long Ctrl-C takes."`
	Room     room.Command  `cmd:"" help:"Viewers in one room, beside a bare WebSocket server that sends the same."`

	Reminders reminders.Command `cmd:"" help:"Ten thousand reminders due at once, beside a tight loop that sends the same mails."`
	Timers    news.Timers       `cmd:"" help:"Ten thousand timers over a minute, and at one instant: how late each fires."`
	Queue     news.Queue        `cmd:"" help:"Put and take, in PostgreSQL or, with --broker, by way of RabbitMQ, beside the bare client."`
	Events    news.Events       `cmd:"" help:"Events appended by many writers, and how soon subscribers hear of them."`
}

func main() {
	live.ServeIfChild()
	room.FloorIfChild()
	page.FloorIfChild()
	reminders.SinkIfChild()
	var c commands
	k := kong.Parse(&c, kong.Name("load"))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// all measures everything with its defaults: about 20 minutes, of which the soak takes ten.
type all struct{}

// Run goes on after one that failed: the others are worth knowing all the same.
func (all) Run() error {
	var failed []error
	for _, line := range []string{
		"article", "personal", "shapes", "up", "room --viewers 2000", "room --viewers 5000", "room --viewers 10000",
		"reminders", "reminders --broker", "timers", "queue", "queue --broker", "events", "room --viewers 5000 --storm", "room --viewers 5000 --rate 2 --soak 10m",
	} {
		var c commands
		parser, err := kong.New(&c)
		if err != nil {
			return err
		}
		one, err := parser.Parse(strings.Fields(line))
		if err != nil {
			return err
		}
		fmt.Println(line)
		if err := one.Run(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", line, err))
			fmt.Println("failed:", err)
		}
		fmt.Println()
	}
	return errors.Join(failed...)
}

// Command chaos kills Rounds where it hurts, and looks whether it kept its promises: go run ./test/chaos --kills 100 --seed 7.
//
// All nine services run as processes of their own beside a private PostgreSQL and, with --broker, a private RabbitMQ, while people use them.
// Again and again something is killed with -9, at random moments, and started again. When it is over and quiet, rounds verify must find
// every promise kept, and the mail server must have got every mail: none lost, none twice under two Message-IDs, no reminder after the start.
//
//	a house of processes <── strikes, from a seed
//	      ^      │
//	 people      └─ mails ──> sink          quiet ──> verdict: rounds verify, sink against what was put, answers against what is stored
//
// The choices come from the seed, which is printed; the moments also depend on the machine, so a run is like another with its seed, and not
// the same.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/test/load/bench"
	"github.com/rounds-cme/rounds/test/load/program"
)

// command is what can be chosen.
type command struct {
	Scenario string        `default:"random" enum:"random,reminders,both,away,callees" help:"random: kills while people do everything; reminders: each service, database and broker once, in the middle of reminders; both: these two; away: reminders fall due while those are down in turn who send nothing, and the broker; callees: those whom sagas ask end at each of their answers."`
	Kills    int           `default:"100" help:"How many random kills."`
	Seed     uint64        `help:"Where the choices come from; drawn and printed when left out."`
	People   int           `default:"200" help:"Who follows the webinars of the random scenario."`
	Readers  int           `default:"10000" help:"Who gets the reminder of the other one."`
	Lead     time.Duration `default:"8s" help:"How long before a webinar its followers are reminded."`
	Pause    time.Duration `default:"1500ms" help:"Longest pause between two kills."`
	Broker   bool          `help:"Carry messages over a private RabbitMQ, which is killed too."`
	Binary   string        `type:"path" help:"Use this rounds instead of building one."`
	Slow     time.Duration `help:"How long the mail server takes for each mail."`
	Hurry    bool          `help:"Give back at once what a killed worker had in its hands, as half a minute would, and have the database not wait for the disk: only processes end here, and no machine."`
}

// build makes the program, such as the scenario needs it.
func (c *command) build(ctx context.Context, dir string) (string, error) {
	if c.Scenario == "callees" {
		return program.BuildToCrash(ctx, dir)
	}
	return program.Build(ctx, dir)
}

func main() {
	var c command
	kong.Parse(&c, kong.Name("chaos"))
	if c.Seed == 0 {
		c.Seed = uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	}
	err := bench.Run(func(t *bench.T) error {
		if c.Binary == "" {
			var err error
			if c.Binary, err = c.build(t.Context(), t.TempDir()); err != nil {
				return err
			}
		}
		return c.run(t, os.Stdout)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

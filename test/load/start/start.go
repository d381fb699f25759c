// Package start measures `rounds up` itself: how long it takes on an empty and on a filled directory, what all its processes hold
// in memory when nobody asks for anything, and how long Ctrl-C takes. The floor is PostgreSQL's own part: making a cluster and
// starting it with the same programs and settings, without Rounds.
package start

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/test/load/machine"
	"github.com/rounds-cme/rounds/test/load/program"
)

// Command is one measurement.
type Command struct {
	Runs int           `default:"3" help:"How often each is started; the table shows the middle and the worst."`
	Idle time.Duration `default:"10s" help:"How long nobody asks for anything before memory is read."`
}

// figures are what each run gave.
type figures struct {
	cold, warm, stop, floorCold, floorWarm []time.Duration

	own, all, floorAll []int64 // bytes of memory
}

// Run measures and prints the table.
func (c *Command) Run() error {
	bin, err := postgres.Find()
	if err != nil {
		return err
	}
	fmt.Println(machine.Describe(bin))
	dir, err := os.MkdirTemp("", "rounds-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := program.Build(context.Background(), dir)
	if err != nil {
		return err
	}
	var f figures
	for n := range c.Runs {
		if err := f.floor(bin, filepath.Join(dir, fmt.Sprint("floor", n))); err != nil {
			return fmt.Errorf("the floor: %w", err)
		}
		if err := c.rounds(&f, binary, filepath.Join(dir, fmt.Sprint("data", n))); err != nil {
			return err
		}
	}
	f.print(c.Runs)
	return nil
}

// floor is what PostgreSQL takes by itself.
func (f *figures) floor(bin, dir string) error {
	for _, place := range []*[]time.Duration{&f.floorCold, &f.floorWarm} {
		began := time.Now()
		server, err := postgres.Start(context.Background(), postgres.Config{Bin: bin, Dir: dir, Settings: map[string]string{"shared_buffers": "64MB"}})
		if err != nil {
			return err
		}
		*place = append(*place, time.Since(began))
		family := machine.Family(os.Getpid())
		f.floorAll = append(f.floorAll, machine.PSS(family[1:]...))
		if err := server.Stop(); err != nil {
			return err
		}
	}
	return nil
}

// rounds starts on an empty directory, stops, starts again, and rests.
func (c *Command) rounds(f *figures, binary, data string) error {
	first, err := program.Up(binary, data)
	if err != nil {
		return err
	}
	if err := answers(first.Site); err != nil {
		return err
	}
	f.cold = append(f.cold, first.Took)
	stop, err := first.Stop()
	if err != nil {
		return err
	}
	f.stop = append(f.stop, stop)
	again, err := program.Up(binary, data)
	if err != nil {
		return err
	}
	f.warm = append(f.warm, again.Took)
	time.Sleep(c.Idle)
	f.own = append(f.own, machine.PSS(again.Pid()))
	f.all = append(f.all, machine.PSS(machine.Family(again.Pid())...))
	if stop, err = again.Stop(); err != nil {
		return err
	}
	f.stop = append(f.stop, stop)
	return nil
}

// answers makes sure that what says that it runs does.
func answers(site string) error {
	client := &http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(site + "/articles") //nolint:noctx // the client has a time-out
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it says that it runs and answers %s", answer.Status)
	}
	return nil
}

func (f *figures) print(runs int) {
	fmt.Printf("\n%-34s %10s %10s %8s   (%d runs each)\n", "what", "middle", "worst", "aim", runs)
	seconds := func(name string, all []time.Duration, aim string) {
		slices.Sort(all)
		fmt.Printf("%-34s %8.2f s %8.2f s %8s\n", name, all[len(all)/2].Seconds(), all[len(all)-1].Seconds(), aim)
	}
	megabytes := func(name string, all []int64, aim string) {
		slices.Sort(all)
		fmt.Printf("%-34s %7.0f MB %7.0f MB %8s\n", name, float64(all[len(all)/2])/1e6, float64(all[len(all)-1])/1e6, aim)
	}
	seconds("floor: initdb and start", f.floorCold, "")
	seconds("cold start, with demo data", f.cold, "10 s")
	seconds("floor: PostgreSQL starts", f.floorWarm, "")
	seconds("warm start", f.warm, "2 s")
	seconds("Ctrl-C", f.stop, "5 s")
	megabytes("floor: memory of PostgreSQL alone", f.floorAll, "")
	megabytes("idle memory of rounds (PSS)", f.own, "")
	megabytes("idle memory with PostgreSQL (PSS)", f.all, "200 MB")
}

package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/test/load/machine"
	"github.com/rounds-cme/rounds/test/load/program"
)

// Shapes is a measurement of what the shape of production adds to a page.
type Shapes struct {
	Requests int `default:"500" help:"How often each page is asked for in each shape, one after the other and in turn."`
}

// Run measures and prints the table.
func (c *Shapes) Run() error {
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
	one, err := program.Up(binary, filepath.Join(dir, "data-up"))
	if err != nil {
		return err
	}
	defer func() { _, _ = one.Stop() }()
	nine, err := program.Cluster(context.Background(), binary, filepath.Join(dir, "data-cluster"))
	if err != nil {
		return err
	}
	defer func() { _, _ = nine.Stop() }()
	memory(nine.Pid(), binary)
	return c.compare(one.Site, nine.Site)
}

// memory prints what each process of the services holds before anybody asks for anything.
func memory(pid int, binary string) {
	most, sum, count := int64(0), int64(0), 0
	for _, each := range machine.Family(pid) {
		if path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", each)); err == nil && path == binary {
			pss := machine.PSS(each)
			most, sum, count = max(most, pss), sum+pss, count+1
		}
	}
	if count > 0 {
		fmt.Printf("%d processes hold %d MB each in the mean, %d MB at most (PSS)\n", count, sum/int64(count)>>20, most>>20)
	}
}

func (c *Shapes) compare(one, nine string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "page\tup p50\tp95\tcluster p50\tp95\tadded p50\t")
	var loads [2]*member
	for n, site := range []string{one, nine} {
		m, err := login(site)
		if err != nil {
			return err
		}
		loads[n] = m
	}
	for _, path := range []string{"/", "/me", "/webinars", "/articles", "/articles/surviving-sepsis-2021"} {
		var took [2][]time.Duration
		for n := range c.Requests + warm {
			for shape, m := range loads {
				began := time.Now()
				if _, _, err := m.page(path, true).once(); err != nil {
					return fmt.Errorf("%s%s: %w", m.site, path, err)
				}
				if n >= warm {
					took[shape] = append(took[shape], time.Since(began))
				}
			}
		}
		a, b := took[0], took[1]
		fmt.Fprintf(w, "%s\t%.2f ms\t%.2f ms\t%.2f ms\t%.2f ms\t%.2f ms\t\n", path, at(a, 50), at(a, 95), at(b, 50), at(b, 95), at(b, 50)-at(a, 50))
	}
	return nil
}

// warm is how often each page is asked for before it counts.
const warm = 30

// at is a percentile in milliseconds.
func at(all []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[min(len(sorted)*percent/100, len(sorted)-1)].Microseconds()) / 1000
}

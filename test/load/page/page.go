// Package page measures pages as a logged-in member gets them: how many a second, how long one takes, and what it costs. The
// floor of each line is a bare net/http server in a process of its own that writes the same bytes on as many connections.
//
//	rounds up ── demo data, 50 comments ──> log in ──> [compressed, plain] × [floor, page]
//
// The client keeps its connections, asks the next time when the answer is whole, and stops after a time and a number of requests.
package page

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/test/load/machine"
	"github.com/rounds-cme/rounds/test/load/program"
)

// Options hold for every page.
type Options struct {
	Connections int           `default:"32" help:"Connections, each with one request under way."`
	For         time.Duration `default:"10s" help:"How long each line is measured."`
	Warm        time.Duration `default:"3s" help:"How long each is asked before."`
	Most        int64         `default:"300000" help:"Requests of one line, whatever the time."`
	Binary      string        `help:"Measure this rounds instead of building one, to compare two." type:"path"`
	Profile     string        `help:"Write a CPU profile of rounds here, taken while the page is asked." type:"path"`
}

// Article is the page of an article with 50 comments.
type Article struct {
	Options

	Slug     string `default:"surviving-sepsis-2021" help:"Which article."`
	Comments int    `default:"50" help:"How many comments it has."`
}

// Personal is the page of one's own.
type Personal struct{ Options }

// Run measures the page of an article.
func (c *Article) Run() error {
	return c.measure("article", "/articles/"+c.Slug, func(m *member) error { return m.discuss(c.Slug, c.Comments) })
}

// Run measures the personal page.
func (c *Personal) Run() error {
	return c.measure("personal", "/me", func(*member) error { return nil })
}

// measure runs Rounds and prints the table.
func (o *Options) measure(name, path string, prepare func(*member) error) error {
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
	binary := o.Binary
	if binary == "" {
		if binary, err = program.Build(context.Background(), dir); err != nil {
			return err
		}
	}
	rounds, err := program.Up(binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer func() { _, _ = rounds.Stop() }()
	m, err := login(rounds.Site)
	if err != nil {
		return err
	}
	if err := prepare(m); err != nil {
		return err
	}
	fmt.Printf("GET %s, logged in, %d connections, %s a line, client and server on the same machine\n\n", path, o.Connections, o.For)
	fmt.Printf("%-20s %11s %9s %9s %9s %12s %14s %12s %12s\n", "what", "requests/s", "p50", "p99", "max", "body",
		"CPU/request", "PostgreSQL's", "CPU we got")
	for _, compressed := range []bool{true, false} {
		if err := o.lines(name, m.page(path, compressed), rounds); err != nil {
			return err
		}
	}
	return nil
}

// lines are the floor and the page with or without compression.
func (o *Options) lines(name string, l load, rounds *program.Rounds) error {
	header, body, err := l.once()
	if err != nil {
		return err
	}
	if cache := header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
		return fmt.Errorf("the page may be kept: %q", cache)
	}
	kind := "plain"
	if header.Get("Content-Encoding") == "gzip" {
		kind = "gzip"
	}
	for _, hop := range []string{"Date", "Content-Length", "Transfer-Encoding", "Connection"} {
		header.Del(hop)
	}
	address, pid, end, err := floor(canned{header, body})
	if err != nil {
		return err
	}
	bare := l
	bare.address = address
	err = o.line("floor, "+kind, bare, func() []int { return []int{pid} })
	end()
	if err != nil {
		return err
	}
	if o.Profile != "" && kind == "gzip" {
		defer rounds.Profile(o.Profile, o.Warm+o.For)()
	}
	return o.line(name+", "+kind, l, func() []int { return machine.Family(rounds.Pid()) })
}

// line warms up, measures and prints. The first of the processes is the server, the others are its database.
func (o *Options) line(name string, l load, family func() []int) error {
	l.conns, l.lasting, l.most = o.Connections, o.Warm, o.Most
	if _, err := l.run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	l.lasting = o.For
	pids := family() // connections to the database are processes, and some were made just now
	own, database, ours := machine.CPU(pids[0]), machine.CPU(pids[1:]...), machine.CPU(os.Getpid())
	f, err := l.run()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	own, database, ours = machine.CPU(pids[0])-own, machine.CPU(pids[1:]...)-database, machine.CPU(os.Getpid())-ours
	got := (own + database + ours).Seconds() / f.took.Seconds() / float64(runtime.NumCPU())
	each := func(d time.Duration) string {
		return fmt.Sprintf("%d µs", (d / time.Duration(f.requests)).Microseconds())
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
	fmt.Printf("%-20s %11.0f %9s %9s %9s %9.1f kB %14s %12s %10.0f %%\n", name, f.rate(), ms(f.p50), ms(f.p99), ms(f.max),
		float64(f.bytes)/float64(f.requests)/1000, each(own), each(database), 100*got)
	return nil
}

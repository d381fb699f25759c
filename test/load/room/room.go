// Package room measures a full room: how long a message takes to every viewer, whether all of it arrives once, and what a
// delivery and a connection cost the server. The floor is a bare WebSocket server that writes prepared frames.
package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/test/live"
)

// Command is one measurement.
type Command struct {
	Viewers int           `default:"2000" help:"Viewers in the room, each with an account and a connection."`
	Rate    int           `default:"10" help:"Chat messages a second."`
	For     time.Duration `default:"20s" help:"How long messages are sent."`
	Joins   int           `default:"64" help:"Joins under way at once."`
	Profile string        `help:"File for a CPU profile of the server while messages are sent; look at it with go tool pprof."`
}

const mark = "at="

// Run measures the floor, then the room.
func (c *Command) Run() error {
	fmt.Printf("%d cores, %s %s/%s, client and server on the same machine\n", runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Printf("%d viewers, %d messages/s, %s\n\n", c.Viewers, c.Rate, c.For)
	fmt.Println("what    joined in  deliveries  lost  doubled      p50      p99      max  CPU/delivery  memory/connection")
	floor, err := c.floor()
	if err != nil {
		return err
	}
	floor.print("floor")
	full, err := c.room()
	if err != nil {
		return err
	}
	full.print("room")
	return nil
}

func (c *Command) room() (result, error) {
	t := &bench{}
	defer t.end()
	h := live.Build(t)
	if c.Profile != "" {
		if err := os.Setenv(live.ChildProfile, c.Profile); err != nil {
			return result{}, fmt.Errorf("ask for a profile: %w", err)
		}
	}
	_, pid := h.Child()
	h.GoLive()
	watch := newWatch(c.Viewers)
	before := usage(pid)
	begun := time.Now()
	seats, err := c.fill(h, watch)
	if err != nil {
		return result{}, err
	}
	r := result{joined: time.Since(begun), memory: (usage(pid).memory - before.memory) / int64(c.Viewers)}
	stop := beats(h, seats)
	defer stop()
	before = usage(pid)
	c.mark(pid)
	sent, err := c.talk(h, seats)
	if err != nil {
		return result{}, err
	}
	watch.settle(sent)
	c.mark(pid)
	r.cpu = usage(pid).cpu - before.cpu
	r.count(watch, sent)
	return r, nil
}

// mark begins or ends the profile of the server, if one is wanted.
func (c *Command) mark(pid int) {
	if c.Profile == "" {
		return
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		fmt.Fprintln(os.Stderr, "no profile:", err)
	}
	time.Sleep(200 * time.Millisecond) // the server opens or closes the file
}

// fill lets everybody in.
func (c *Command) fill(h *live.House, w *watch) ([]*live.Client, error) {
	accounts := make([]uuid.UUID, c.Viewers)
	for i := range accounts {
		accounts[i] = h.Account(fmt.Sprint("Viewer ", i))
	}
	seats := make([]*live.Client, c.Viewers)
	slots := make(chan struct{}, c.Joins)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for i := range seats {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			seat, err := join(h, accounts[i], func(p live.Push) { w.see(i, p.Data, p.At) })
			if err != nil {
				failed.Store(&err)
			}
			seats[i] = seat
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return seats, nil
}

func join(h *live.House, account uuid.UUID, push func(live.Push)) (*live.Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o := h.Options(account)
	o.Push = push
	client, err := live.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	for {
		err = client.Subscribe(ctx, "room:"+h.Webinar.String())
		var refused *live.Refused
		if !errors.As(err, &refused) || refused.Message != "room.opening" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	err = client.Call(ctx, "room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String()}, &livewebinarpb.JoinResponse{})
	return client, err
}

// beats lets every viewer beat each 15 seconds, evenly spread.
func beats(h *live.House, seats []*live.Client) func() {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(15 * time.Second / time.Duration(len(seats)))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			seat, number := seats[n%len(seats)], int32(n/len(seats)+1)
			all.Go(func() {
				_ = seat.Call(ctx, "room.beat", &livewebinarpb.BeatRequest{
					WebinarId: h.Webinar.String(), Sequence: number, Player: livewebinarpb.Player_PLAYER_PLAYING,
				}, &livewebinarpb.BeatResponse{})
			})
		}
	})
	return func() { cancel(); all.Wait() }
}

// talk sends messages at an even rate from different people.
func (c *Command) talk(h *live.House, seats []*live.Client) (int, error) {
	tick := time.NewTicker(time.Second / time.Duration(c.Rate))
	defer tick.Stop()
	total := int(c.For.Seconds()) * c.Rate
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for n := range total {
		<-tick.C
		seat := seats[n*7919%len(seats)]
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			err := seat.Call(ctx, "chat.send", &livewebinarpb.SendRequest{
				WebinarId: h.Webinar.String(), Id: uuid.NewString(), Body: mark + strconv.FormatInt(time.Now().UnixNano(), 10) + ";",
			}, &livewebinarpb.SendResponse{})
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return total, nil
}

// moments finds when the messages of a frame were sent.
func moments(frame []byte, each func(sent int64)) {
	for {
		_, rest, found := bytes.Cut(frame, []byte(mark))
		if !found {
			return
		}
		text, after, _ := bytes.Cut(rest, []byte(";"))
		if at, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			each(at)
		}
		frame = after
	}
}

// bench lets what is made for tests serve a measurement.
type bench struct {
	testing.TB

	cleanups []func()
}

func (b *bench) Helper()                  {}
func (b *bench) Context() context.Context { return context.Background() }
func (b *bench) Cleanup(f func())         { b.cleanups = append(b.cleanups, f) }
func (b *bench) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (b *bench) Errorf(f string, a ...any) {
	fmt.Fprintf(os.Stderr, strings.TrimSuffix(f, "\n")+"\n", a...)
}
func (b *bench) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp("", "rounds-load-")
	if err != nil {
		panic(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (b *bench) end() {
	for i := len(b.cleanups) - 1; i >= 0; i-- {
		b.cleanups[i]()
	}
}

package room

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/test/live"
	"github.com/rounds-cme/rounds/test/load/bench"
	"github.com/rounds-cme/rounds/test/load/crowd"
	"github.com/rounds-cme/rounds/test/load/machine"
)

const beatEvery = 15 * time.Second

// house is an open room with its crowd, still outside.
type house struct {
	*live.House

	command *Command
	bench   *bench.T
	pid     int // of the server
	crowd   *crowd.Crowd

	database string // its name
	empty    int64  // memory of the server with the room empty
	watch    func() // called again and again while people talk; nil for nothing
}

// open starts the service, makes an account for everybody and opens the room.
func (c *Command) open() (h *house, err error) {
	t := &bench.T{}
	defer func() {
		if cause := recover(); cause != nil { // what tests fail with
			t.End()
			h, err = nil, fmt.Errorf("%v", cause)
		}
	}()
	for name, value := range map[string]string{live.ChildProfile: c.Profile, live.ChildHeap: c.Heap, "GOGC": c.GC} {
		if value == "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("prepare the server: %w", err)
		}
	}
	built := live.Build(t)
	_, pid := built.Child()
	h = &house{House: built, command: c, bench: t, pid: pid}
	o := crowd.Options{
		Address: built.Address, Path: "/live/connection/websocket", Webinar: built.Webinar.String(), Room: "room:" + built.Webinar.String(), Checks: c.Checks,
	}
	if c.Heartbeats {
		o.Beats = beatEvery
	}
	if h.crowd, err = crowd.New(o); err != nil {
		t.End()
		return nil, err
	}
	accounts := make([]uuid.UUID, c.Viewers)
	names := make([]string, c.Viewers)
	for i := range accounts {
		accounts[i], names[i] = uuid.New(), fmt.Sprint("Viewer ", i)
		h.crowd.Add(crowd.Person{Account: accounts[i].String(), Cookie: built.Cookie(accounts[i], mostSoak+time.Hour)})
	}
	built.Exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone,
		roles, state, consent_version, consent_at, created_at, updated_at)
		SELECT id, id || '@example.org', 'x', name, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', '{}', 'approved', '1', now(), now(), now()
		FROM unnest($1::uuid[], $2::text[]) AS new (id, name)`, accounts, names)
	if err := built.DB.Admin().QueryRow(t.Context(), `SELECT current_database()`).Scan(&h.database); err != nil {
		t.End()
		return nil, fmt.Errorf("name of the database: %w", err)
	}
	built.Exec(`ANALYZE datamanagement.account`)
	built.GoLive()
	time.Sleep(time.Second) // what opening left behind is not the viewers'
	return h, nil
}

func (h *house) close() {
	h.crowd.Close()
	h.bench.End()
}

// last is the number of the last message, as the database has it.
func (h *house) last() int32 {
	return int32(h.Count(`SELECT last_sequence FROM livewebinar.room`)) //nolint:gosec // the column has 32 bits
}

// mark begins or ends the profile of the server, if one is wanted.
func (h *house) mark(file string) error {
	if file == "" {
		return nil
	}
	if err := syscall.Kill(h.pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("ask for a profile: %w", err)
	}
	return h.rest(200 * time.Millisecond) // the server opens or closes the file
}

// heap asks for a profile of the memory, and waits until it is written.
func (h *house) heap() error {
	if err := syscall.Kill(h.pid, syscall.SIGUSR2); err != nil {
		return fmt.Errorf("ask for a profile: %w", err)
	}
	return h.rest(3 * time.Second)
}

// spent is what everything that takes part has taken so far.
type spent struct{ server, client, database time.Duration }

func (s spent) since(before spent) spent {
	return spent{s.server - before.server, s.client - before.client, s.database - before.database}
}

func (h *house) spent() spent {
	return spent{server: machine.CPU(h.pid), client: machine.CPU(os.Getpid()), database: machine.CPU(h.backends()...)}
}

// backends are the processes of PostgreSQL that serve our database; the server has others. What it does for all (writing
// to the disk) is in none of them.
func (h *house) backends() (pids []int) {
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	for _, path := range paths {
		title, err := os.ReadFile(path) //nolint:gosec // below /proc
		if err != nil || !bytes.HasPrefix(title, []byte("postgres:")) || !bytes.Contains(title, []byte(h.database)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

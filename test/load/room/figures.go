package room

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watch notes what every viewer sees.
type watch struct {
	mu      []sync.Mutex
	seen    []map[int64]int // viewer → moment of sending → how often
	latency [][]time.Duration
}

func newWatch(viewers int) *watch {
	w := &watch{mu: make([]sync.Mutex, viewers), seen: make([]map[int64]int, viewers), latency: make([][]time.Duration, viewers)}
	for i := range w.seen {
		w.seen[i] = map[int64]int{}
	}
	return w
}

func (w *watch) see(viewer int, frame []byte, at time.Time) {
	w.mu[viewer].Lock()
	defer w.mu[viewer].Unlock()
	moments(frame, func(sent int64) {
		w.seen[viewer][sent]++
		w.latency[viewer] = append(w.latency[viewer], time.Duration(at.UnixNano()-sent))
	})
}

// settle waits until everybody has seen everything, or nothing comes any more.
func (w *watch) settle(sent int) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if w.total() >= sent*len(w.seen) {
			return
		}
	}
}

func (w *watch) total() int {
	n := 0
	for i := range w.seen {
		w.mu[i].Lock()
		n += len(w.latency[i])
		w.mu[i].Unlock()
	}
	return n
}

// result is one line of the table.
type result struct {
	joined        time.Duration
	delivered     int
	lost, doubled int
	p50, p99, max time.Duration
	cpu           time.Duration
	memory        int64
}

func (r *result) count(w *watch, sent int) {
	var all []time.Duration
	for i := range w.seen {
		w.mu[i].Lock()
		all = append(all, w.latency[i]...)
		r.lost += max(0, sent-len(w.seen[i]))
		for _, n := range w.seen[i] {
			r.doubled += n - 1
		}
		w.mu[i].Unlock()
	}
	slices.Sort(all)
	r.delivered = len(all)
	if n := len(all); n > 0 {
		r.p50, r.p99, r.max = all[n/2], all[n*99/100], all[n-1]
	}
}

func (r *result) print(name string) {
	each := time.Duration(0)
	if r.delivered > 0 {
		each = r.cpu / time.Duration(r.delivered)
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
	fmt.Printf("%-6s %9.1fs  %10d %5d %8d %8s %8s %8s  %9.1f µs  %14.1f KB\n", name, r.joined.Seconds(), r.delivered, r.lost, r.doubled,
		ms(r.p50), ms(r.p99), ms(r.max), float64(each.Nanoseconds())/1000, float64(r.memory)/1024)
}

// used is what a process has taken from the machine.
type used struct {
	cpu    time.Duration
	memory int64
}

// usage reads /proc: the clock of processes ticks a hundred times a second on Linux.
func usage(pid int) used {
	var u used
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, field := range fields[11:13] {
			if ticks, err := strconv.ParseInt(field, 10, 64); err == nil {
				u.cpu += time.Duration(ticks) * 10 * time.Millisecond
			}
		}
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		for line := range strings.SplitSeq(string(status), "\n") {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
				kb, _ := strconv.ParseInt(fields[1], 10, 64)
				u.memory = kb * 1024
			}
		}
	}
	return u
}

package room

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/test/load/crowd"
)

const heading = "what   joined in  deliveries  lost  doubled  reordered       p50       p99       max  CPU/delivery  client's  PostgreSQL's  memory/connection  busy"

// result is one line of the table.
type result struct {
	joined                   time.Duration
	delivered                int
	lost, doubled, reordered int
	p50, p99, max            time.Duration
	spent                    spent
	wall                     time.Duration
	memory                   int64 // of the server, for each connection
}

func (r *result) took(s spent, wall time.Duration) { r.spent, r.wall = s, wall }

// count takes what the crowd saw since it had seen so many.
func (r *result) count(c *crowd.Crowd, last int32, before int) {
	seen, doubled, reordered := c.Delivered()
	r.delivered, r.doubled, r.reordered, r.lost = seen-before, doubled, reordered, c.Lost(last)
	r.p50, r.p99, r.max = c.Latency.Quantile(0.5), c.Latency.Quantile(0.99), c.Latency.Max()
}

// each is the server's processor time for one delivery: a message that one viewer got.
func (r *result) each() time.Duration { return r.spent.server / time.Duration(max(1, r.delivered)) }

func (r *result) print(name string) {
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/float64(max(1, r.delivered))/1000)
	}
	busy := (r.spent.server + r.spent.client + r.spent.database).Seconds() / max(0.001, r.wall.Seconds())
	fmt.Printf("%-5s %9.1fs  %10d %5d %8d %10d %9s %9s %9s  %12s %9s %13s  %14.1f KB  %.2f cores\n", name, r.joined.Seconds(), r.delivered, r.lost, r.doubled, r.reordered,
		ms(r.p50), ms(r.p99), ms(r.max), each(r.spent.server), each(r.spent.client), each(r.spent.database), float64(r.memory)/1024, busy)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(1, b)) }

// memory is what a process holds now.
func memory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kb, _ := strconv.ParseInt(fields[1], 10, 64)
			return kb * 1024
		}
	}
	return 0
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// Package machine tells what a measurement ran on and what processes took from it. A figure without its machine says nothing.
// It reads /proc and therefore needs Linux.
package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Describe is the line above every table: processor, cores, load before the measurement, Go, PostgreSQL.
func Describe(postgresBin string) string {
	return fmt.Sprintf("%s, %d cores, %s memory, load average %s before the start; %s %s/%s; %s",
		processor(), runtime.NumCPU(), memory(), load(), runtime.Version(), runtime.GOOS, runtime.GOARCH, postgres(postgresBin))
}

func processor() string {
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		return name
	}
	return "unknown processor"
}

func memory() string {
	kb, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	return fmt.Sprintf("%d GB", (kb+1<<19)>>20)
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func postgres(bin string) string {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output() //nolint:gosec,noctx // found on this machine; it returns at once
	if err != nil {
		return "PostgreSQL of unknown version"
	}
	return strings.TrimSpace(string(out))
}

// field is one value of the files in /proc that look like "name: value".
func field(path, name string) string {
	text, err := os.ReadFile(path) //nolint:gosec // constants and process ids
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Family is a process and all that descend from it.
func Family(pid int) []int {
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return []int{pid}
	}
	for _, path := range stats {
		fields := stat(path)
		if len(fields) < 2 {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, wrong := strconv.Atoi(fields[1])
		if err == nil && wrong == nil {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return slices.Compact(all)
}

// stat is what stands behind the name of a process in its stat file: state, parent, …
func stat(path string) []string {
	text, err := os.ReadFile(path) //nolint:gosec // below /proc
	if err != nil {
		return nil // it has ended meanwhile
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
}

// CPU is what processes have taken so far. The clock of processes ticks a hundred times a second on Linux.
func CPU(pids ...int) time.Duration {
	var sum time.Duration
	for _, pid := range pids {
		fields := stat(fmt.Sprintf("/proc/%d/stat", pid))
		if len(fields) < 13 {
			continue
		}
		for _, field := range fields[11:13] {
			if ticks, err := strconv.ParseInt(field, 10, 64); err == nil {
				sum += time.Duration(ticks) * 10 * time.Millisecond
			}
		}
	}
	return sum
}

// PSS is the memory of processes in bytes, in which a page that n of them share counts as an nth for each: the sum is what
// the machine really gives.
func PSS(pids ...int) int64 {
	var sum int64
	for _, pid := range pids {
		kb, err := strconv.ParseInt(strings.TrimSuffix(field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss"), " kB"), 10, 64)
		if err == nil {
			sum += kb << 10
		}
	}
	return sum
}

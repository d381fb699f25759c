package crowd

import (
	"fmt"
	"syscall"
)

// Files makes room for so many open connections in this process and in those that it starts, or says why there is none.
func Files(connections int) error {
	need := uint64(connections) + 500 //nolint:gosec // a count; what else both processes have open stays below 500
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if now.Cur >= need {
		return nil
	}
	want := now
	want.Cur, want.Max = need, max(need, now.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &want); err != nil {
		return fmt.Errorf("%d viewers need %d open files, and this process may have %d (%d at most): run `ulimit -n %d` as an administrator first, or ask for fewer viewers: %w",
			connections, need, now.Cur, now.Max, need, err)
	}
	return nil
}

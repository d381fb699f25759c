package postgres

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrNone says that this machine has no PostgreSQL.
var ErrNone = errors.New("no PostgreSQL on this machine")

// oldest is the first release that has what we use (xid8 functions came with 13, security details with 15).
const oldest = 15

// Find returns the directory of PostgreSQL's programs: the ones on PATH first, then where Debian and Homebrew keep
// them, the newest release first, then the ones that were fetched into extra directories.
func Find(extra ...string) (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil && complete(filepath.Dir(path)) {
		return filepath.Dir(path), nil
	}
	for _, pattern := range append([]string{
		"/usr/lib/postgresql/*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	}, extra...) {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return release(b) - release(a) })
		for _, dir := range found {
			if complete(dir) && (release(dir) == 0 || release(dir) >= oldest) {
				return dir, nil
			}
		}
	}
	return "", ErrNone
}

func complete(dir string) bool {
	for _, program := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(dir, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// release reads the number in /usr/lib/postgresql/15/bin or …/postgresql@17/bin; 0 when there is none.
func release(dir string) int {
	name := filepath.Base(filepath.Dir(dir))
	if _, after, ok := cutLast(name, '@'); ok {
		name = after
	}
	number, err := strconv.Atoi(name)
	if err != nil {
		return 0
	}
	return number
}

func cutLast(text string, mark byte) (before, after string, ok bool) {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == mark {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

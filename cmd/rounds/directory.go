package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/rounds-cme/rounds/kit/obs"
)

// directory is where `up` keeps everything, held by one process at a time.
type directory struct {
	path string
	lock *os.File
	file *os.File   // of the log
	log  *obs.Later // writes to it
}

// marker is the file by which we know a directory as ours, so that --fresh never deletes somebody else's.
const marker = "rounds.lock"

func openDirectory(path string, fresh bool) (*directory, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be used: %w", path, err)
	}
	//nolint:gosec // PostgreSQL, which runs as another user when we are root, passes through; what is inside is closed.
	if err := os.MkdirAll(absolute, 0o711); err != nil {
		return nil, unusable(absolute, err)
	}
	if err := ours(absolute); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(absolute, marker), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(absolute, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // A small number.
		return nil, errors.Join(fmt.Errorf("another Rounds is running in %s: stop it, or choose another directory with --data", absolute),
			lock.Close())
	}
	d := &directory{path: absolute, lock: lock}
	if fresh {
		if err := d.empty(); err != nil {
			return nil, err
		}
	}
	if d.file, err = os.OpenFile(d.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, unusable(absolute, err)
	}
	d.log = obs.NewLater(d.file)
	return d, nil
}

func unusable(path string, err error) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("the directory %s cannot be written: choose another one with --data", path)
	}
	return fmt.Errorf("the directory %s cannot be used (%w): choose another one with --data", path, err)
}

// ours refuses a directory with somebody else's files in it.
func ours(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return unusable(path, err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(path, marker)); err != nil {
		return fmt.Errorf("the directory %s has files that are not of Rounds: choose an empty or new one with --data", path)
	}
	return nil
}

// empty removes all that is in the directory, but the lock that we hold.
func (d *directory) empty() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return unusable(d.path, err)
	}
	for _, entry := range entries {
		if entry.Name() == marker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(d.path, entry.Name())); err != nil {
			return fmt.Errorf("cannot start over in %s: %w", d.path, err)
		}
	}
	return nil
}

func (d *directory) logPath() string { return filepath.Join(d.path, "rounds.log") }

func (d *directory) close() {
	if d.log != nil {
		_ = d.log.Close()
		_ = d.file.Close()
	}
	_ = d.lock.Close()
}

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// service is one process of the house.
type service struct {
	name               string
	http, private, rpc string // addresses
	command            []string
	log                string
	more               []string // of its environment

	cmd    *exec.Cmd
	ended  chan struct{}
	wanted bool // that it ends
	faults []error
}

// start starts it from a thread of its own, since the kernel's promise that it ends with us is about the thread.
func (s *service) start() error {
	file, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.Command(s.command[0], s.command[1:]...) //nolint:gosec,noctx // our own binary, which is killed
	cmd.Env, cmd.Stdout, cmd.Stderr = append(environment(), s.more...), file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	ended, started := make(chan struct{}), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- fmt.Errorf("start %s: %w", s.name, err)
			return
		}
		started <- nil
		_ = cmd.Wait()
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.cmd, s.ended, s.wanted = cmd, ended, false
	return nil
}

// kill is kill -9. One that was gone already ended by itself, which is a fault.
func (s *service) kill() {
	if err := s.fault(); err != nil {
		s.faults = append(s.faults, err)
	}
	s.wanted = true
	_ = s.cmd.Process.Kill()
	<-s.ended
}

func (s *service) stop() {
	s.wanted = true
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// fault tells that it ended though nobody killed it, and what it said last.
func (s *service) fault() error {
	select {
	case <-s.ended:
		if s.wanted {
			return errors.Join(s.faults...)
		}
		text, _ := os.ReadFile(s.log) //nolint:errcheck // then it said nothing
		return errors.Join(append(s.faults, fmt.Errorf("%s ended by itself: %s", s.name, text[max(0, len(text)-2000):]))...)
	default:
		return errors.Join(s.faults...)
	}
}

// ready waits until it says so.
func (s *service) ready() error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if s.fault() != nil {
			break
		}
		answer, err := http.Get("http://" + s.private + "/readyz") //nolint:noctx // it is on this machine
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s does not get ready", s.name)
}

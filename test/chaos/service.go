package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"time"

	"github.com/rounds-cme/rounds/kit/child"
)

// service is one process of the house.
type service struct {
	name               string
	http, private, rpc string // addresses
	command            []string
	log                string
	more               []string // of its environment

	process *child.Process
	ended   <-chan struct{}
	wanted  bool // that it ends
	faults  []error
}

func (s *service) start() (err error) {
	cmd := exec.Command(s.command[0], s.command[1:]...) //nolint:gosec,noctx // our own binary, which is killed
	cmd.Env = append(environment(), s.more...)
	if s.process, err = child.Start(cmd, s.log); err != nil {
		return err
	}
	s.ended, s.wanted = s.process.Done(), false
	return nil
}

// kill is kill -9. One that was gone already ended by itself, which is a fault.
func (s *service) kill() {
	if err := s.fault(); err != nil {
		s.faults = append(s.faults, err)
	}
	s.wanted = true
	s.process.Kill()
}

func (s *service) stop() {
	s.wanted = true
	s.process.Kill()
}

// fault tells that it ended though nobody killed it, and what it said last.
func (s *service) fault() error {
	select {
	case <-s.ended:
		if s.wanted {
			return errors.Join(s.faults...)
		}
		return errors.Join(append(s.faults, fmt.Errorf("%s ended by itself: %s", s.name, child.Tail(s.log)))...)
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

//go:build !linux

package crowd

import (
	"errors"
	"net"
	"time"
)

var errLinux = errors.New("a crowd needs Linux: it waits for its sockets with epoll")

type poller struct{}

func newPoller() (*poller, error)                   { return nil, errLinux }
func (*poller) close()                              {}
func (*poller) dial(*net.TCPAddr) (int, error)      { return -1, errLinux }
func (*poller) read(int) error                      { return errLinux }
func (*poller) wait(time.Duration, func(int)) error { return errLinux }

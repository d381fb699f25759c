package crowd

import (
	"fmt"
	"net"
	"syscall"
	"time"
)

// poller waits for many sockets at once. Go's own way, a goroutine for each, costs a wake-up and a stack for every
// delivery, and the client shares its processors with the server that it measures.
type poller struct {
	fd     int
	events []syscall.EpollEvent
}

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a poller: %w", err)
	}
	return &poller{fd: fd, events: make([]syscall.EpollEvent, 512)}, nil
}

func (p *poller) close() { _ = syscall.Close(p.fd) }

// dial begins to connect; the socket can be written to when the connection stands.
func (p *poller) dial(to *net.TCPAddr) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("make a socket: %w", err)
	}
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	address := &syscall.SockaddrInet4{Port: to.Port}
	copy(address.Addr[:], to.IP.To4())
	err = syscall.Connect(fd, address)
	if err == nil || err == syscall.EINPROGRESS { //nolint:errorlint // a number of the system, never wrapped
		err = p.control(syscall.EPOLL_CTL_ADD, fd, syscall.EPOLLOUT)
	}
	if err != nil {
		_ = syscall.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// read makes the socket one that is waited for because of what comes.
func (p *poller) read(fd int) error { return p.control(syscall.EPOLL_CTL_MOD, fd, syscall.EPOLLIN) }

func (p *poller) control(op, fd int, events uint32) error {
	return syscall.EpollCtl(p.fd, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)}) //nolint:gosec // file descriptors are small
}

// wait gives the sockets with which something can be done, at the latest after the timeout none.
func (p *poller) wait(timeout time.Duration, each func(fd int)) error {
	milliseconds := int((max(0, timeout) + time.Millisecond - 1) / time.Millisecond)
	n, err := syscall.EpollWait(p.fd, p.events, milliseconds)
	if err == syscall.EINTR { //nolint:errorlint // a number of the system, never wrapped
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for sockets: %w", err)
	}
	for _, e := range p.events[:n] {
		each(int(e.Fd))
	}
	return nil
}

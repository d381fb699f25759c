package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	dialTime  = 5 * time.Second
	closeTime = 2 * time.Second
	heartbeat = 10 * time.Second // a broker that is silent for twice as long is gone
)

// link is one connection, made when it is wanted and made again when it was lost. A driver has two: a broker with an
// alarm stops reading from those who publish, and acknowledgements must not wait behind that.
type link struct {
	url   string
	name  string
	log   *slog.Logger
	alarm func(blocked bool)

	dialing sync.Mutex // one dials, the others wait for what he gets
	conn    *amqp.Connection

	mu      sync.Mutex
	current *amqp.Connection // what the following is about
	blocked string           // why the broker does not want to be published to
	failed  error            // why there is no connection
	changed chan struct{}    // closed at each change
}

func newLink(url, name string, log *slog.Logger, alarm func(bool)) *link {
	return &link{url: url, name: name, log: log, alarm: alarm, changed: make(chan struct{}), failed: errNotYet}
}

// channel opens a channel, on a new connection if need be.
func (l *link) channel(ctx context.Context) (*amqp.Channel, error) {
	l.dialing.Lock()
	defer l.dialing.Unlock()
	if l.conn == nil || l.conn.IsClosed() {
		conn, err := l.dial(ctx)
		if err != nil {
			l.set(func() { l.failed = err })
			return nil, err
		}
		l.conn = conn
		l.set(func() { l.current, l.failed, l.blocked = conn, nil, "" })
		go l.watch(conn, conn.NotifyBlocked(make(chan amqp.Blocking, 8)))
	}
	ch, err := l.conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	return ch, nil
}

func (l *link) dial(ctx context.Context) (*amqp.Connection, error) {
	conn, err := amqp.DialConfig(l.url, amqp.Config{
		Heartbeat:  heartbeat,
		Properties: amqp.Table{"connection_name": l.name, "capabilities": amqp.Table{"connection.blocked": true}},
		Dial: func(network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return conn, conn.SetDeadline(time.Now().Add(dialTime)) // of the handshake; the library lifts it
		},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to the broker: %w", withoutAddress(err))
	}
	return conn, nil
}

// withoutAddress keeps the password, which stands in an address that cannot be read, out of the log.
func withoutAddress(err error) error {
	var refused *amqp.Error
	var network *net.OpError
	switch {
	case errors.As(err, &refused), errors.As(err, &network), errors.Is(err, context.Canceled):
		return err
	default:
		return errors.New("the broker cannot be reached at its address")
	}
}

// watch follows the alarm until the connection ends.
func (l *link) watch(conn *amqp.Connection, alarms <-chan amqp.Blocking) {
	for a := range alarms {
		reason := ""
		if a.Active {
			reason = "the broker has an alarm: " + a.Reason
		}
		l.about(conn, func() { l.blocked = reason })
		l.alarm(a.Active)
		l.log.Warn("the broker's alarm", "active", a.Active, "reason", a.Reason)
	}
	l.about(conn, func() { l.failed, l.blocked = errLost, "" })
	l.alarm(false)
}

// about changes what is known, unless that is about another connection by now.
func (l *link) about(conn *amqp.Connection, change func()) {
	l.set(func() {
		if l.current == conn {
			change()
		}
	})
}

var (
	errLost   = errors.New("the connection to the broker is lost")
	errNotYet = errors.New("the broker was not reached yet")
)

func (l *link) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
}

// state tells why nothing can be published now, nil if it can, and what to wait for until that changes.
func (l *link) state() (changed <-chan struct{}, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.blocked != "" {
		return l.changed, errors.New(l.blocked)
	}
	return l.changed, l.failed
}

// leave ends a channel; one that is gone already needs no goodbye.
func leave(ch *amqp.Channel) { _ = ch.Close() }

// close ends the connection; a broker that does not answer is not waited for.
func (l *link) close() {
	l.dialing.Lock()
	defer l.dialing.Unlock()
	if l.conn != nil {
		_ = l.conn.CloseDeadline(time.Now().Add(closeTime))
	}
}

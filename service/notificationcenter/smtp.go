package notificationcenter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	freshFor = 2 * time.Second  // so long a connection that was just used is taken for alive
	idleFor  = 30 * time.Second // then a connection that nobody needs is closed
	oldAfter = 5 * time.Minute  // servers close what stays open for ever; we do before
	mostSent = 200              // mails over one connection, for servers that count them
)

// smtp sends through a server, over connections that are kept and used again: at most as many as there are workers, none
// longer idle than idleFor, none older than oldAfter.
type smtp struct {
	composer

	host   string
	port   int
	config Config
	now    func() time.Time
	slow   *slow

	mu       sync.Mutex
	idle     []*connection
	sweeping bool
}

// connection is one to the mail server. Its age is told by the clock of this machine: no test needs another.
type connection struct {
	*gomail.Client

	raw        net.Conn
	born, used time.Time
	sent       int
}

func (s *smtp) send(ctx context.Context, m mail) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errHopeless, err)
	}
	leave, known, err := s.slow.enter(m.To)
	if err != nil {
		return err
	}
	defer leave()
	timeout := s.config.SMTPTimeout
	if known {
		timeout *= patience
	}
	begun := time.Now()
	err = s.deliver(ctx, message, timeout)
	switch {
	case err == nil:
		s.slow.forget(m.To)
	case aboutRecipient(err) && time.Since(begun) >= timeout:
		s.slow.note(m.To)
	}
	return err
}

// aboutRecipient tells that a try failed after the server was told for whom it is: before, it would fail for everybody.
func aboutRecipient(err error) bool {
	var sending *gomail.SendError
	if !errors.As(err, &sending) {
		return false
	}
	switch sending.Reason { //nolint:exhaustive // The others come before.
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrWriteContent, gomail.ErrSMTPDataClose:
		return true
	default:
		return false
	}
}

// deliver sends over a connection that was left idle, or over a new one.
func (s *smtp) deliver(ctx context.Context, message *gomail.Msg, timeout time.Duration) error {
	c, err := s.connection(ctx, timeout)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	err = c.deliver(ctx, message)
	if stale(err) && c.sent > 0 { // It was closed at the other end while it lay idle, before anything was sent.
		c.drop()
		if c, err = s.dial(ctx, timeout); err != nil {
			return fmt.Errorf("reach the mail server: %w", err)
		}
		err = c.deliver(ctx, message)
	}
	c.sent++
	if message.IsDelivered() {
		// The server has it. What failed after that (it could not be asked to start anew) is about the connection alone.
		if err == nil && timeout == s.config.SMTPTimeout {
			s.keep(c)
		} else {
			c.drop()
		}
		return nil
	}
	if said := refusalOf(err); said != nil && said.recipient && timeout == s.config.SMTPTimeout {
		s.keep(c) // It refused the recipient, and takes the next one.
	} else {
		c.drop()
	}
	return refused(err)
}

// deliver gives up when ctx ends: what the server did not confirm is sent again, under the same Message-ID.
func (c *connection) deliver(ctx context.Context, message *gomail.Msg) error {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer stop()
	return c.Send(message)
}

func (c *connection) drop() { _ = c.raw.Close() }

// stale tells that a connection was gone before the mail was begun.
func stale(err error) bool {
	var sending *gomail.SendError
	if !errors.As(err, &sending) || sending.ErrorCode() != 0 && sending.ErrorCode() != 421 {
		return false
	}
	return sending.Reason == gomail.ErrConnCheck || sending.Reason == gomail.ErrSMTPMailFrom
}

// connection takes an idle connection that is still good, or makes one.
func (s *smtp) connection(ctx context.Context, timeout time.Duration) (*connection, error) {
	for timeout == s.config.SMTPTimeout { // the others are patient, and not kept
		c := s.take()
		if c == nil {
			break
		}
		if time.Since(c.used) < freshFor || c.Reset() == nil {
			return c, nil
		}
		c.drop()
	}
	return s.dial(ctx, timeout)
}

func (s *smtp) dial(ctx context.Context, timeout time.Duration) (*connection, error) {
	c := &connection{born: time.Now()}
	dialer := &net.Dialer{Timeout: timeout}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(timeout), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := dialer.DialContext(ctx, network, address)
			c.raw = raw
			if err == nil && s.config.SMTPTLS == "implicit" {
				raw, err = wrap(ctx, raw, s.host)
			}
			return raw, err
		}),
	}
	switch s.config.SMTPTLS {
	case "mandatory":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "opportunistic":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.config.SMTPUser != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.config.SMTPUser),
			gomail.WithPassword(s.config.SMTPPassword.Reveal()))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, err
	}
	c.Client = client
	if err := client.DialWithContext(ctx); err != nil {
		if c.raw != nil {
			_ = c.raw.Close()
		}
		return nil, err
	}
	return c, nil
}

// keep leaves a connection to the next mail, and sees to it that it is closed when none comes.
func (s *smtp) keep(c *connection) {
	c.used = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) >= s.config.Workers || c.sent >= mostSent || time.Since(c.born) >= oldAfter {
		go c.quit()
		return
	}
	s.idle = append(s.idle, c)
	if !s.sweeping {
		s.sweeping = true
		time.AfterFunc(idleFor, func() { s.sweep(idleFor) })
	}
}

func (s *smtp) take() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	c := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return c
}

// sweep closes what has been idle for as long as that.
func (s *smtp) sweep(after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var still []*connection
	for _, c := range s.idle {
		if time.Since(c.used) < after {
			still = append(still, c)
			continue
		}
		go c.quit()
	}
	s.idle = still
	if s.sweeping = len(still) > 0; s.sweeping {
		time.AfterFunc(idleFor, func() { s.sweep(idleFor) })
	}
}

// rest says goodbye on all connections, because nothing is sent any more.
func (s *smtp) rest() { s.sweep(0) }

// quit ends a connection as the protocol wants it, within the time-out of the connection.
func (c *connection) quit() {
	_ = c.raw.SetDeadline(time.Now().Add(5 * time.Second))
	_ = c.Close()
	_ = c.raw.Close()
}

// wrap encrypts a connection from its first byte.
func wrap(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	safe := tls.Client(raw, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
	if err := safe.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return safe, nil
}

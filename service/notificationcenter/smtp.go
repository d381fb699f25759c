package notificationcenter

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	mailsmtp "github.com/wneessen/go-mail/smtp"

	"github.com/rounds-cme/rounds/kit/queue"
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
	*composer

	host   string
	port   int
	config Config
	now    func() time.Time
	slow   *slow

	slots  chan struct{} // one for each connection that may be open, beside those for the slow
	urgent chan struct{} // one more for what a person waits for, which stands in no line

	mu       sync.Mutex
	idle     []*connection
	sweeping bool
}

// connection is one to the mail server. Its age is told by the clock of this machine: no test needs another.
type connection struct {
	*mailsmtp.Client

	raw        net.Conn
	born, used time.Time
	sent       int
}

// stage is how far a mail came.
type stage int

const (
	atSender    stage = iota // the server was not told yet for whom it is: what fails here would fail for everybody
	atRecipient              // it was
	atContent                // it has read the mail
)

func (s *smtp) send(ctx context.Context, m mail) error {
	return s.compose(m, func(raw []byte) error { return s.sendRaw(ctx, m, raw) })
}

func (s *smtp) sendRaw(ctx context.Context, m mail, raw []byte) error {
	leave, known, err := s.slow.enter(m.To)
	if err != nil {
		return err
	}
	defer leave()
	timeout := s.config.SMTPTimeout
	if known {
		timeout *= patience
	} else {
		urgent := s.urgent
		if m.Priority < queue.UrgentFrom {
			urgent = nil // for ever
		}
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case urgent <- struct{}{}:
			defer func() { <-s.urgent }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if m.late(s.now()) { // It has waited for its turn.
		return errTooLate
	}
	begun := time.Now()
	at, err := s.deliver(ctx, m.To, raw, timeout)
	switch {
	case err == nil:
		s.slow.forget(m.To)
		return nil
	case at > atSender && time.Since(begun) >= timeout:
		s.slow.note(m.To)
	}
	return refused(at, err)
}

// deliver sends over a connection that was left idle, or over a new one.
func (s *smtp) deliver(ctx context.Context, to string, raw []byte, timeout time.Duration) (stage, error) {
	c, err := s.connection(ctx, timeout)
	if err != nil {
		return atSender, fmt.Errorf("reach the mail server: %w", err)
	}
	at, err := c.deliver(ctx, s.sender.Address, to, raw, timeout)
	if err != nil && at == atSender && c.sent > 0 { // It was closed at the other end while it lay idle.
		c.drop()
		if c, err = s.dial(ctx, timeout); err != nil {
			return atSender, fmt.Errorf("reach the mail server: %w", err)
		}
		at, err = c.deliver(ctx, s.sender.Address, to, raw, timeout)
	}
	c.sent++
	// Who refused a recipient takes the next one. All else that fails leaves the two sides unsure where they are.
	good := err == nil || at == atRecipient && permanent(err) != nil && c.Reset() == nil
	if good && timeout == s.config.SMTPTimeout {
		s.keep(c)
	} else {
		c.drop()
	}
	return at, err
}

func (c *connection) drop() { _ = c.raw.Close() }

// connection takes an idle connection that is still good, or makes one.
func (s *smtp) connection(ctx context.Context, timeout time.Duration) (*connection, error) {
	for timeout == s.config.SMTPTimeout { // the others are patient, and not kept
		c := s.take()
		if c == nil {
			break
		}
		if time.Since(c.used) < freshFor || c.UpdateDeadline(timeout) == nil && c.Reset() == nil {
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
		gomail.WithPort(s.port), gomail.WithTimeout(timeout),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := dialer.DialContext(ctx, network, address)
			c.raw = raw
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
	if c.Client, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		if c.raw != nil {
			c.drop()
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
	_ = c.Quit()
	c.drop()
}

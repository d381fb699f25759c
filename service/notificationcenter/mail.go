package notificationcenter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

// mail is one e-mail to one person.
type mail struct {
	ID       uuid.UUID
	To, Name string
	text.Message
}

// mailer sends e-mail; an error that wraps errHopeless is final.
type mailer interface {
	send(ctx context.Context, m mail) error
}

func (s *server) newMailer() (mailer, error) {
	if s.config.SMTP == "" {
		return mailbox{s}, nil
	}
	host, port, err := net.SplitHostPort(s.config.SMTP)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-smtp must be host:port: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-smtp must be host:port: %w", err)
	}
	if err := gomail.NewMsg().From(s.config.From); err != nil {
		return nil, fmt.Errorf("--notificationcenter-from must be an address: %w", err)
	}
	policies := map[string]gomail.TLSPolicy{
		"mandatory": gomail.TLSMandatory, "opportunistic": gomail.TLSOpportunistic, "none": gomail.NoTLS,
	}
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTLSPolicy(policies[s.config.SMTPTLS]), gomail.WithTimeout(15 * time.Second)}
	if s.config.SMTPUser != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.config.SMTPUser),
			gomail.WithPassword(s.config.SMTPPassword.Reveal()))
	}
	return &smtp{host: host, options: options, from: s.config.From, now: s.Now}, nil
}

// smtp sends through a server, over connections that are kept and used again.
type smtp struct {
	host    string
	options []gomail.Option
	from    string
	now     func() time.Time

	mu   sync.Mutex
	idle []*gomail.Client
}

func (s *smtp) send(ctx context.Context, m mail) error {
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errHopeless, err)
	}
	client, err := s.connection(ctx)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	if err := client.Send(message); err != nil {
		_ = client.Close()
		return refused(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, client)
	return nil
}

func (s *smtp) compose(m mail) (*gomail.Msg, error) {
	message := gomail.NewMsg()
	if err := errors.Join(message.From(s.from), message.AddToFormat(m.Name, m.To)); err != nil {
		return nil, err
	}
	message.Subject(m.Subject)
	// The same for each try, so that a server or a person can tell a repetition.
	message.SetMessageIDWithValue(m.ID.String() + "@rounds")
	message.SetDateWithValue(s.now())
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return message, nil
}

// connection takes an idle connection that still answers, or makes one.
func (s *smtp) connection(ctx context.Context) (*gomail.Client, error) {
	for {
		client := s.take()
		if client == nil {
			break
		}
		if client.Reset() == nil {
			return client, nil
		}
		_ = client.Close()
	}
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return nil, err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, err
	}
	return client, nil
}

func (s *smtp) take() *gomail.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	client := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return client
}

// refused tells the server's "never" (5xx) from its "not now".
func refused(err error) error {
	var said *textproto.Error
	var sending *gomail.SendError
	permanent := errors.As(err, &said) && said.Code >= 500
	if errors.As(err, &sending) {
		permanent = permanent || (sending.ErrorCode() >= 500 && !sending.IsTemp())
	}
	if permanent {
		return fmt.Errorf("%w: %w", errHopeless, err)
	}
	return fmt.Errorf("send: %w", err)
}

// mailbox keeps mail where a person can read it on a page.
type mailbox struct{ *server }

func (b mailbox) send(ctx context.Context, m mail) error {
	return b.store.MailAdd(ctx, store.MailAddParams{
		ID: m.ID, Recipient: m.To, Subject: m.Subject, BodyText: m.Text, BodyHtml: m.HTML, Now: b.Now(),
	})
}

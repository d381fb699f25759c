package notificationcenter

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

// mail is one e-mail to one person.
type mail struct {
	ID       uuid.UUID
	To, Name string
	WayOut   string  // address that stops mails like this one; empty where there is no choice
	Invite   *invite // nil: nothing for a calendar
	Priority int16
	Until    time.Time // not to be sent from then on; zero: it keeps its sense
	text.Message
}

func (m mail) late(now time.Time) bool { return !m.Until.IsZero() && !now.Before(m.Until) }

// mailer sends e-mail; an error that wraps errHopeless is final.
type mailer interface {
	send(ctx context.Context, m mail) error
	// rest gives back what is kept for the next mail.
	rest()
}

func (s *server) mailOf(t *task) mail {
	m := mail{ID: t.ID, To: t.GetAddress(), Name: t.GetName(), WayOut: s.wayOut(t), Invite: inviteOf(t.Notification), Priority: t.Priority, Message: t.message}
	if t.GetExpiresAt() != nil {
		m.Until = t.GetExpiresAt().AsTime()
	}
	return m
}

// wayOut is the address that stops mails like this one, for exactly their topic.
func (s *server) wayOut(t *task) string {
	target, err := uuid.Parse(t.GetTarget())
	if err != nil {
		target = uuid.Nil // The whole topic.
	}
	token := optout.New(s.config.OptoutKey.Reveal()).Sign(optout.Choice{Account: t.account, Topic: t.GetTopic(), Target: target, Channel: "email"})
	if t.GetTopic() == "" || token == "" {
		return ""
	}
	return s.BaseURL + "/unsubscribe?token=" + token
}

// newMailer looks at every setting of e-mail, so that a wrong one stops the start and not the first mail.
func (s *server) newMailer() (mailer, error) {
	c := s.config
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-from must be an address such as Rounds <no-reply@rounds.example>: %w", err)
	}
	signer, err := c.dkim(from)
	if err != nil {
		return nil, err
	}
	if c.SMTP == "" {
		return mailbox{s}, nil
	}
	host, port, err := net.SplitHostPort(c.SMTP)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-smtp must be host:port: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || host == "" {
		return nil, fmt.Errorf("--notificationcenter-smtp must be host:port, %q is not", c.SMTP)
	}
	if err := c.login(host); err != nil {
		return nil, err
	}
	if c.SMTPTimeout <= 0 {
		return nil, fmt.Errorf("--notificationcenter-smtp-timeout must be longer than nothing, %s is not", c.SMTPTimeout)
	}
	return &smtp{
		host: host, port: int(number), config: c, now: s.Now, slow: newSlow(s.Now, max(c.Workers/2, 1)), slots: make(chan struct{}, max(c.Workers, 1)), urgent: make(chan struct{}, 1),
		composer: newComposer(from, signer, s.stamp(), s.Now, s.BaseURL),
	}, nil
}

// login refuses an account that is half given, or whose password would be read by everybody on the way.
func (c Config) login(host string) error {
	if (c.SMTPUser == "") != (c.SMTPPassword.Reveal() == "") {
		return errors.New("--notificationcenter-smtp-user and --notificationcenter-smtp-password belong together: give both or none")
	}
	if c.SMTPUser != "" && c.SMTPTLS == "none" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return errors.New("--notificationcenter-smtp-tls=none would send the password of the account in the clear: use mandatory")
	}
	return nil
}

// key signs mails for a domain (RFC 6376).
type key struct {
	domain, selector string
	private          crypto.Signer
}

// dkim reads the key that mails are signed with; nil: they are not signed here.
func (c Config) dkim(from *netmail.Address) (*key, error) {
	given := 0
	for _, setting := range []string{c.DKIMDomain, c.DKIMSelector, c.DKIMKeyFile} {
		if setting != "" {
			given++
		}
	}
	if given == 0 {
		return nil, nil //nolint:nilnil // A mail server may sign instead of us.
	}
	if given < 3 {
		return nil, errors.New("--notificationcenter-dkim-domain, -dkim-selector and -dkim-key-file belong together: give all or none")
	}
	_, domain, _ := strings.Cut(strings.ToLower(from.Address), "@")
	if signed := strings.ToLower(c.DKIMDomain); domain != signed && !strings.HasSuffix(domain, "."+signed) {
		return nil, fmt.Errorf("--notificationcenter-dkim-domain is %s, but mails come from %s: a signature of another domain helps nobody", c.DKIMDomain, domain)
	}
	pem, err := os.ReadFile(c.DKIMKeyFile)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-dkim-key-file: %w", err)
	}
	private, err := gomail.PrivKeyFromPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("--notificationcenter-dkim-key-file %s must hold an RSA or Ed25519 private key in PEM: %w", c.DKIMKeyFile, err)
	}
	if weak, ok := private.(*rsa.PrivateKey); ok && weak.N.BitLen() < 1024 {
		return nil, fmt.Errorf("--notificationcenter-dkim-key-file %s holds a key of %d bits; mail servers take none below 1024", c.DKIMKeyFile, weak.N.BitLen())
	}
	return &key{domain: c.DKIMDomain, selector: c.DKIMSelector, private: private}, nil
}

// mailbox keeps mail where a person can read it on a page.
type mailbox struct{ *server }

func (b mailbox) send(ctx context.Context, m mail) error {
	now := b.Now()
	if m.late(now) {
		return errTooLate
	}
	return b.store.MailAdd(ctx, store.MailAddParams{
		ID: m.ID, Recipient: m.To, Subject: m.Subject, BodyText: m.Text, BodyHtml: m.HTML, Now: now,
	})
}

func (b mailbox) rest() {}

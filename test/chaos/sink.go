package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
)

// sink is a mail server that takes everything and remembers it; nobody kills it.
type sink struct {
	address string
	slow    time.Duration

	mu    sync.Mutex
	mails map[uuid.UUID][]arrival // by what their Message-ID is made of
	other []string                // Message-IDs that are not ours
	total int
}

type arrival struct {
	to string
	at time.Time
}

func startSink(t testing.TB, slow time.Duration) (*sink, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return nil, err
	}
	s := &sink{address: listener.Addr().String(), slow: slow, mails: map[uuid.UUID][]arrival{}}
	server := smtp.NewServer(s)
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0) // connections that break are what this is about
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return s, nil
}

// NewSession implements smtp.Backend.
func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{sink: s}, nil }

// count is how many mails came.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

func (s *sink) take(to string, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		s.other = append(s.other, "a mail that cannot be read")
		return
	}
	name, _, _ := strings.Cut(strings.Trim(m.Header.Get("Message-ID"), "<>"), ".") // behind it is a seal
	id, err := uuid.Parse(name)
	if err != nil {
		s.other = append(s.other, m.Header.Get("Message-ID"))
		return
	}
	s.mails[id] = append(s.mails[id], arrival{to: to, at: time.Now()})
}

// letter is one connection.
type letter struct {
	sink *sink
	to   string
}

// Mail implements smtp.Session.
func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error { l.to = to; return nil }

// Reset implements smtp.Session.
func (l *letter) Reset() {}

// Logout implements smtp.Session.
func (l *letter) Logout() error { return nil }

// Data implements smtp.Session.
func (l *letter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(l.sink.slow) // as a server further away takes
	l.sink.take(l.to, text)
	return nil
}

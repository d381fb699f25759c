package notificationcenter_test

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// sink is an SMTP server that fails as it is told.
type sink struct {
	mu    sync.Mutex
	fail  map[string][]error // by recipient, one after the other
	mails []string
	hang  string        // this recipient is never answered
	gate  chan struct{} // nil, or what every mail waits for
	peers int           // connections that were ever made
	over  <-chan struct{}
}

// serve runs the sink until the test ends, and gives its address.
func (s *sink) serve(t *testing.T) string {
	t.Helper()
	server := smtp.NewServer(s)
	server.Domain = "localhost"
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = t.Context().Done()
	return listener.Addr().String()
}

func (s *sink) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers
}

// never is how a server refuses a recipient for good.
func never() error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
}

// sent is what came so far, in order.
func (s *sink) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers++
	return &session{sink: s}, nil
}

type session struct {
	sink *sink
	to   string
}

func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == s.sink.hang {
		<-s.sink.over
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.to = to
	if failures := s.sink.fail[to]; len(failures) > 0 {
		s.sink.fail[to] = failures[1:]
		return failures[0]
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if s.sink.gate != nil {
		select {
		case <-s.sink.gate:
		case <-s.sink.over:
		}
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.mails = append(s.sink.mails, s.to+"\n"+string(body))
	return err
}

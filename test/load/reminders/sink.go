package reminders

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const sinkChild = "ROUNDS_LOAD_SMTP_SINK"

// SinkIfChild turns the program into the mail server, when a measurement has started it.
func SinkIfChild() {
	if os.Getenv(sinkChild) == "" {
		return
	}
	if err := serveSink(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// received is what the mail server got since it was asked last.
type received struct {
	First, Last time.Time
	Mails       int
	People      int // different recipients
	IDs         int // different Message-IDs
	Bytes       int64
	Peers       int    // connections
	Sample      []byte // one of the mails
}

// serveSink takes every mail. A line on its standard input is answered with what came since the one before; it ends with its
// standard input.
func serveSink() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return err
	}
	b := newBox()
	server := smtp.NewServer(b)
	server.Domain = "localhost"
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text, err := json.Marshal(b.report())
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return lines.Err()
}

// box is what came.
type box struct {
	mu          sync.Mutex
	got         received
	people, ids map[string]bool
}

func newBox() *box { return &box{people: map[string]bool{}, ids: map[string]bool{}} }

// NewSession implements smtp.Backend.
func (b *box) NewSession(*smtp.Conn) (smtp.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got.Peers++
	return &session{box: b}, nil
}

func (b *box) report() received {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	got.People, got.IDs = len(b.people), len(b.ids)
	b.got, b.people, b.ids = received{}, map[string]bool{}, map[string]bool{}
	return got
}

func (b *box) add(to string, mail []byte) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.got.Mails == 0 {
		b.got.First, b.got.Sample = now, bytes.Clone(mail)
	}
	b.got.Last = now
	b.got.Mails++
	b.got.Bytes += int64(len(mail))
	b.people[to] = true
	b.ids[messageID(mail)] = true
}

const idHeader = "Message-ID: "

// messageID is that of a mail; ours have it in a line of its own.
func messageID(mail []byte) string {
	_, after, _ := bytes.Cut(mail, []byte(idHeader))
	id, _, _ := bytes.Cut(after, []byte("\r\n"))
	return string(id)
}

type session struct {
	box  *box
	to   string
	mail bytes.Buffer
}

// Mail implements smtp.Session.
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	s.mail.Reset()
	if _, err := s.mail.ReadFrom(r); err != nil {
		return err
	}
	s.box.add(s.to, s.mail.Bytes())
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// sink is the mail server in a process of its own.
type sink struct {
	address string
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Reader
}

func startSink() (*sink, error) {
	cmd := exec.Command(os.Args[0]) //nolint:gosec,noctx // this very program; it ends with us
	cmd.Env = append(os.Environ(), sinkChild+"=yes")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	s := &sink{cmd: cmd, ask: in, answers: bufio.NewReader(out)}
	line, err := s.answers.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the mail server: %w", err), s.stop())
	}
	s.address = strings.TrimSpace(line)
	return s, nil
}

// report tells what came since the last report.
func (s *sink) report() (received, error) {
	var got received
	if _, err := io.WriteString(s.ask, "report\n"); err != nil {
		return got, err
	}
	line, err := s.answers.ReadBytes('\n')
	if err != nil {
		return got, err
	}
	err = json.Unmarshal(line, &got)
	return got, err
}

func (s *sink) pid() int { return s.cmd.Process.Pid }

func (s *sink) stop() error {
	_ = s.ask.Close()
	return s.cmd.Wait()
}

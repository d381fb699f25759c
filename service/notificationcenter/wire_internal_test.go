package notificationcenter

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	mailsmtp "github.com/wneessen/go-mail/smtp"
)

// script is a mail server that says what it is told to, and keeps what it heard.
type script struct {
	extensions []string
	answers    map[string]string // by the beginning of what it hears
}

// play talks to one client, and gives all it heard when that has gone.
func (s script) play(conn net.Conn, heard chan<- []string) {
	var lines []string
	defer func() { heard <- lines }()
	fmt.Fprint(conn, "220 ready\r\n")
	in := bufio.NewScanner(conn)
	for content := false; in.Scan(); {
		line := in.Text()
		lines = append(lines, line)
		if content = content && line != "."; content {
			continue
		}
		answer := "250 fine"
		if strings.HasPrefix(line, "EHLO") {
			answer = "250-here\r\n250-" + strings.Join(append(s.extensions, "HELP"), "\r\n250-")
			cut := strings.LastIndex(answer, "250-")
			answer = answer[:cut] + "250 " + answer[cut+len("250-"):]
		}
		for start, said := range s.answers {
			if strings.HasPrefix(line, start) {
				answer = said
			}
		}
		content = strings.HasPrefix(answer, "354")
		fmt.Fprint(conn, answer+"\r\n")
	}
}

// talk connects to the server; hung up, it tells what was said.
func (s script) talk(t *testing.T) (c *connection, heard func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan []string, 1)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			s.play(conn, lines)
			_ = conn.Close()
		}
	}()
	raw, err := net.Dial("tcp", listener.Addr().String()) //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = raw.Close(), listener.Close() })
	client, err := mailsmtp.NewClient(raw, "localhost")
	if err == nil {
		err = client.Hello("localhost")
	}
	if err != nil {
		t.Fatal(err)
	}
	return &connection{Client: client, raw: raw}, func() string {
		_ = raw.Close()
		said := <-lines
		return strings.Join(said[1:], "\n") // without the greeting
	}
}

const content = "354 go on"

func send(t *testing.T, c *connection, to string) (stage, error) {
	t.Helper()
	return c.deliver(t.Context(), "no-reply@rounds.example", to, []byte("Subject: x\r\n\r\n.dot\r\n..\r\nend"), time.Minute)
}

// A server is told one thing after the other, unless it says that it takes several at once; it hears the same.
func TestWire(t *testing.T) {
	t.Parallel()
	for _, extensions := range [][]string{nil, {"PIPELINING"}} {
		c, heard := script{extensions: extensions, answers: map[string]string{"DATA": content}}.talk(t)
		for range 2 {
			if at, err := send(t, c, "ana@example.org"); err != nil {
				t.Fatalf("%v: at stage %d: %v", extensions, at, err)
			}
		}
		mail := "MAIL FROM:<no-reply@rounds.example>\nRCPT TO:<ana@example.org>\nDATA\nSubject: x\n\n..dot\n...\nend\n."
		if got := heard(); got != mail+"\n"+mail {
			t.Errorf("%v: it heard\n%s", extensions, got)
		}
	}
}

// Letters beyond ASCII are announced to a server that understands them.
func TestWireSaysWhatIsSpecial(t *testing.T) {
	t.Parallel()
	s := script{extensions: []string{"8BITMIME", "SMTPUTF8"}, answers: map[string]string{"DATA": content}}
	for to, want := range map[string]string{"ana@example.org": " BODY=8BITMIME", "žan@example.org": " BODY=8BITMIME SMTPUTF8"} {
		c, heard := s.talk(t)
		if _, err := send(t, c, to); err != nil {
			t.Fatal(err)
		}
		if said, _, _ := strings.Cut(heard(), "\n"); said != "MAIL FROM:<no-reply@rounds.example>"+want {
			t.Errorf("%s: %s", to, said)
		}
	}
}

// A recipient that is refused leaves the connection to the next, whatever the server made of the content that was announced with him.
func TestWireAfterARefusal(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]map[string]string{
		"it wants no content":            {"RCPT TO:<gone@": "550 5.1.1 nobody", "DATA": "503 for whom?"},
		"it wants content all the same":  {"RCPT TO:<gone@": "550 5.1.1 nobody", "DATA": content, ".": "554 for nobody"},
		"it has never heard of this all": {"RCPT TO:<gone@": "550 5.1.1 nobody", "DATA": "554 no"},
	} {
		c, heard := script{extensions: []string{"PIPELINING"}, answers: answers}.talk(t)
		at, err := send(t, c, "gone@example.org")
		if said := permanent(err); at != atRecipient || said == nil || said.Code != 550 {
			t.Errorf("%s: at stage %d: %v", name, at, err)
		}
		if err := c.Reset(); err != nil {
			t.Errorf("%s: the next mail: %v", name, err)
		}
		if got := heard(); strings.Contains(got, "Subject") {
			t.Errorf("%s: it was given content:\n%s", name, got)
		}
	}
}

// A server that takes a mail for nobody is not talked to any more.
func TestWireTooWilling(t *testing.T) {
	t.Parallel()
	answers := map[string]string{"RCPT": "550 5.1.1 nobody", "DATA": content, ".": "250 thanks"}
	c, _ := script{extensions: []string{"PIPELINING"}, answers: answers}.talk(t)
	if at, err := send(t, c, "gone@example.org"); at != atRecipient || permanent(err) == nil {
		t.Errorf("at stage %d: %v", at, err)
	}
	if c.Reset() == nil {
		t.Error("the connection is used again")
	}
}

// No address adds a command of its own.
func TestWireRefusesAddresses(t *testing.T) {
	t.Parallel()
	c, heard := script{}.talk(t)
	for _, to := range []string{"a@b\r\nQUIT", "a@b> X=y", "<a@b"} {
		if at, err := send(t, c, to); at != atRecipient || !errors.Is(err, errHopeless) {
			t.Errorf("%q: at stage %d: %v", to, at, err)
		}
	}
	if got := heard(); got != "" {
		t.Errorf("it heard %q", got)
	}
}

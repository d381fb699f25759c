package notificationcenter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// errAddress is of an address that cannot be said to a mail server.
var errAddress = fmt.Errorf("this is no address that a mail server could be told: %w", errHopeless)

// deliver gives up when ctx ends: what the server did not confirm is sent again, under the same Message-ID.
//
// Where the server takes several commands at once (RFC 2920), all that precedes the content is one trip to it instead of three.
func (c *connection) deliver(ctx context.Context, from, to string, raw []byte, timeout time.Duration) (stage, error) {
	if strings.ContainsAny(to, "\r\n<>") {
		return atRecipient, errAddress
	}
	defer context.AfterFunc(ctx, c.drop)()
	if err := c.UpdateDeadline(timeout); err != nil {
		return atSender, err
	}
	if at, err := c.envelope(from, to); err != nil {
		return at, err
	}
	if _, err := c.Text.W.Write(stuffed(raw)); err != nil {
		return atContent, err
	}
	if err := c.Text.W.Flush(); err != nil {
		return atContent, err
	}
	_, _, err := c.Text.ReadResponse(250)
	return atContent, err
}

// envelope says from whom and to whom, up to where the server waits for the content.
func (c *connection) envelope(from, to string) (stage, error) {
	mail := "MAIL FROM:<" + from + ">"
	if has, _ := c.Extension("8BITMIME"); has {
		mail += " BODY=8BITMIME"
	}
	if has, _ := c.Extension("SMTPUTF8"); has && !ascii(from+to) {
		mail += " SMTPUTF8"
	}
	commands := []string{mail, "RCPT TO:<" + to + ">", "DATA"}
	atOnce, _ := c.Extension("PIPELINING")
	if atOnce {
		if err := c.say(commands...); err != nil {
			return atSender, err
		}
	}
	for at, answer := range []int{250, 25, 354} {
		if !atOnce {
			if err := c.say(commands[at]); err != nil {
				return stage(at), err
			}
		}
		if _, _, err := c.Text.ReadResponse(answer); err != nil {
			if atOnce && stage(at) == atRecipient {
				c.takeBack(err)
			}
			return stage(at), err
		}
	}
	return atContent, nil
}

func (c *connection) say(commands ...string) error {
	for _, command := range commands {
		if _, err := c.Text.W.WriteString(command + "\r\n"); err != nil {
			return err
		}
	}
	return c.Text.W.Flush()
}

// takeBack hears what became of the content that was announced with a recipient who was refused: a server that wants it all the same is given
// none (RFC 2920 3.1). When that goes wrong nobody uses the connection again.
func (c *connection) takeBack(refusal error) {
	if permanent(refusal) == nil {
		c.drop()
		return
	}
	_, _, err := c.Text.ReadResponse(354)
	if err == nil {
		if err = c.say("."); err == nil {
			_, _, err = c.Text.ReadResponse(250)
		}
		err = errors.Join(err, errNothing)
	}
	if permanent(err) == nil {
		c.drop()
	}
}

// errNothing is of a server that took a mail for nobody.
var errNothing = errors.New("the server took a mail for nobody")

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// stuffed is a mail as it goes over the wire: a dot at the beginning of a line is doubled, and one alone ends it (RFC 5321 4.5.2). Its
// lines end with CRLF already. What it gives may share its memory.
func stuffed(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte(".")) {
		raw = append([]byte("."), raw...)
	}
	if bytes.Contains(raw, []byte("\n.")) {
		raw = bytes.ReplaceAll(raw, []byte("\n."), []byte("\n.."))
	}
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		raw = append(raw, '\r', '\n')
	}
	return append(raw, '.', '\r', '\n')
}

// Package bounce reads what comes back for a mail: that it could not be delivered (RFC 3464), or that its reader complained of it
// (RFC 5965). Both are machine-readable parts of a multipart/report; what is written for people is not guessed at.
//
// Anybody can send such a report to the address that mails come from. So nothing in it is believed but the Message-ID of the mail
// that came back, which is sealed, so that only its recipient's side knows it; whose address it was, is what we kept when we sent it.
package bounce

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
)

// Kind is what a report says.
type Kind int

// Kinds.
const (
	Other     Kind = iota // delivered, relayed, delayed: nothing to be done
	Failed                // it will not be delivered
	Complaint             // the reader called it unwanted
)

// Report is what came back.
type Report struct {
	Kind      Kind
	MessageID string // of the mail that came back, without its brackets; empty when the report does not say
	Status    string // 5.1.1, the most exact that it gives (RFC 3463)
	Said      string // what the server said, on one line
}

// ErrNoReport says that a mail is not a report that a machine can read.
var ErrNoReport = errors.New("not a report of delivery or of a complaint")

const (
	deepest  = 6   // multiparts within each other
	mostPart = 40  // parts
	longest  = 400 // letters of what the server said
)

// Parse reads a report.
func Parse(raw []byte) (Report, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	media, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" {
		return Report{}, ErrNoReport
	}
	w := &walk{}
	w.multipart(m.Body, parameters["boundary"], 0)
	if !w.found {
		return Report{}, ErrNoReport
	}
	if w.report.MessageID == "" { // Some send nothing of the mail back, and answer it.
		w.report.MessageID = firstID(m.Header.Get("In-Reply-To") + " " + m.Header.Get("References"))
	}
	return w.report, nil
}

// walk goes through the parts.
type walk struct {
	report Report
	found  bool // a part for machines
	parts  int
}

func (w *walk) multipart(body io.Reader, boundary string, depth int) {
	if boundary == "" || depth > deepest {
		return
	}
	for reader := multipart.NewReader(body, boundary); w.parts < mostPart; w.parts++ {
		part, err := reader.NextRawPart()
		if err != nil {
			return // What was read until here counts: reports are often cut off.
		}
		media, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		content := decoded(part, part.Header.Get("Content-Transfer-Encoding"))
		switch media {
		case "message/delivery-status", "message/global-delivery-status":
			w.delivery(content)
		case "message/feedback-report":
			w.feedback(content)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			w.original(content)
		default:
			if strings.HasPrefix(media, "multipart/") {
				w.multipart(content, parameters["boundary"], depth+1)
			}
		}
	}
}

func decoded(r io.Reader, encoding string) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	default:
		return r
	}
}

// delivery reads groups of fields: one about the mail, then one for each recipient. Ours have one recipient.
func (w *walk) delivery(r io.Reader) {
	for _, group := range groups(r) {
		action := strings.ToLower(group["action"])
		if action == "" {
			continue
		}
		w.found = true
		if action != "failed" || w.report.Kind == Failed {
			continue
		}
		_, said, typed := strings.Cut(group["diagnostic-code"], ";")
		if !typed {
			said = group["diagnostic-code"]
		}
		w.report.Kind, w.report.Said = Failed, line(said)
		w.report.Status = status(group["status"], said)
	}
}

// status is the more exact of what the report says and of what the server said to it.
func status(field, said string) string {
	code := regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	given, quoted := code.FindString(field), code.FindString(said)
	if given == "" || strings.HasSuffix(given, ".0.0") && quoted != "" {
		return quoted
	}
	return given
}

func (w *walk) feedback(r io.Reader) {
	for _, group := range groups(r) {
		kind := strings.ToLower(group["feedback-type"])
		if kind == "" {
			continue
		}
		w.found = true
		if kind == "abuse" || kind == "fraud" || strings.HasPrefix(kind, "opt-out") {
			w.report.Kind, w.report.Said = Complaint, kind
		}
	}
}

// original finds whose report it is in what came back of the mail.
func (w *walk) original(r io.Reader) {
	head := groups(r)
	if len(head) > 0 && w.report.MessageID == "" {
		w.report.MessageID = firstID(head[0]["message-id"]) // Only of the head: the body is not ours to read.
	}
}

func firstID(text string) string {
	found := regexp.MustCompile(`<([[:alnum:]!#$%&'*+/=?^_{|}.@:~\-]{1,200})>`).FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[1]
}

// groups reads fields, names in small letters, the first of each name; groups of them have blank lines between. Lines that are
// none are passed over.
func groups(r io.Reader) []map[string]string {
	var all []map[string]string
	group, name := map[string]string{}, ""
	scanner := bufio.NewScanner(io.LimitReader(r, 64<<10))
	for len(all) < mostPart && scanner.Scan() {
		text := strings.TrimRight(scanner.Text(), "\r")
		switch {
		case strings.TrimSpace(text) == "":
			if len(group) > 0 {
				all = append(all, group)
			}
			group, name = map[string]string{}, ""
		case text[0] == ' ' || text[0] == '\t':
			if name != "" {
				group[name] += " " + strings.TrimSpace(text)
			}
		default:
			key, value, ok := strings.Cut(text, ":")
			key = strings.ToLower(strings.TrimSpace(key))
			if _, twice := group[key]; !ok || twice {
				name = ""
				continue
			}
			group[key], name = strings.TrimSpace(value), key
		}
	}
	if len(group) > 0 {
		all = append(all, group)
	}
	return all
}

// line makes one line of what strangers wrote, of bounded length and of letters that can be shown.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, " "))
	letters := []rune(strings.Join(strings.Fields(text), " "))
	return string(letters[:min(len(letters), longest)])
}

// Package letter writes mails as they go over the wire: headers (RFC 5322) and parts (RFC 2045, 2046).
//
// Why not a library: all but some lines of a reminder are the same for ten thousand people, and encoding them anew for each took more time than
// sending them. A Pen remembers how lines are encoded.
package letter

import (
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"strings"
	"sync"
)

// Boundaries of parts. They stand in no part: nothing that is written as quoted-printable or base64 contains "=_" (RFC 2045 6.7).
const (
	Mixed       = "=_mixed"
	Alternative = "=_alternative"
)

const (
	lineEnd  = "\r\n"
	most     = 76   // letters of a line
	mostHeld = 2000 // lines
)

// Pen writes parts in words. It is safe for concurrent use.
type Pen struct {
	mu    sync.Mutex
	known map[string]string // lines as they are encoded
}

// New makes a pen that knows no lines yet.
func New() *Pen { return &Pen{known: map[string]string{}} }

// Text adds a part in words.
func (p *Pen) Text(out []byte, contentType, text string) []byte {
	out = Header(out, "Content-Type", contentType)
	out = Header(out, "Content-Transfer-Encoding", "quoted-printable")
	out = append(out, lineEnd...)
	p.mu.Lock()
	defer p.mu.Unlock()
	for line := range strings.Lines(text) {
		out = append(append(out, p.line(strings.TrimRight(line, lineEnd))...), lineEnd...)
	}
	return append(out, lineEnd...)
}

func (p *Pen) line(line string) string {
	if encoded, known := p.known[line]; known {
		return encoded
	}
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(line)) // a Builder takes everything
	_ = w.Close()
	if len(p.known) >= mostHeld {
		clear(p.known)
	}
	p.known[strings.Clone(line)] = b.String() // without the text around it
	return b.String()
}

// Header adds a header, folded between words where it is long. What is not ASCII was encoded before.
func Header(out []byte, name, value string) []byte {
	out = append(append(out, name...), ':')
	column := len(name) + 1
	for i, word := range strings.Split(value, " ") {
		if i > 0 && word != "" && column+1+len(word) > most {
			out, column = append(out, lineEnd...), 0
		}
		out = append(append(out, ' '), word...)
		column += 1 + len(word)
	}
	return append(out, lineEnd...)
}

// Phrase encodes text for a header.
func Phrase(text string) string { return mime.QEncoding.Encode("UTF-8", text) }

// File adds a part that a person can keep.
func File(out []byte, contentType, name string, content []byte) []byte {
	out = Header(out, "Content-Type", contentType+`; name="`+name+`"`)
	out = Header(out, "Content-Disposition", `attachment; filename="`+name+`"`)
	out = Header(out, "Content-Transfer-Encoding", "base64")
	out = append(out, lineEnd...)
	for encoded := base64.StdEncoding.AppendEncode(nil, content); len(encoded) > 0; {
		n := min(most, len(encoded))
		out = append(append(out, encoded[:n]...), lineEnd...)
		encoded = encoded[n:]
	}
	return append(out, lineEnd...)
}

// Multipart begins a part that consists of others.
func Multipart(out []byte, kind, boundary string) []byte {
	out = Header(out, "Content-Type", "multipart/"+kind+`; boundary="`+boundary+`"`)
	return append(out, lineEnd...)
}

// Next begins the next of these parts.
func Next(out []byte, boundary string) []byte { return append(out, "--"+boundary+lineEnd...) }

// Last ends them.
func Last(out []byte, boundary string) []byte {
	return append(out, "--"+boundary+"--"+lineEnd+lineEnd...)
}

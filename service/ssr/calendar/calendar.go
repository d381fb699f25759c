// Package calendar writes one event as a file that every calendar can read (RFC 5545).
//
// The same webinar always has the same UID, and a SEQUENCE that grows when it is moved or cancelled, so that a calendar
// that has it already changes its entry and never shows a second one. Times are UTC: no calendar has to know our zones.
package calendar

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ContentType is what the file is.
const ContentType = "text/calendar; charset=utf-8; method=PUBLISH"

const (
	most = 75 // octets of a line, without its end
	utc  = "20060102T150405Z"
)

// Event is what happens.
type Event struct {
	UID         string
	Sequence    int32
	Made        time.Time // when this file was made
	Start, End  time.Time
	Summary     string
	Description string
	URL         string
	Cancelled   bool
}

// File is the calendar file of one event.
func File(e Event) []byte {
	status := "CONFIRMED"
	if e.Cancelled {
		status = "CANCELLED"
	}
	var b strings.Builder
	for _, l := range []struct{ name, value string }{
		{"BEGIN", "VCALENDAR"},
		{"VERSION", "2.0"},
		{"PRODID", "-//Rounds//Webinars//EN"},
		{"CALSCALE", "GREGORIAN"},
		{"METHOD", "PUBLISH"},
		{"BEGIN", "VEVENT"},
		{"UID", text(e.UID)},
		{"SEQUENCE", fmt.Sprint(e.Sequence)},
		{"DTSTAMP", e.Made.UTC().Format(utc)},
		{"DTSTART", e.Start.UTC().Format(utc)},
		{"DTEND", e.End.UTC().Format(utc)},
		{"SUMMARY", text(e.Summary)},
		{"DESCRIPTION", text(e.Description)},
		{"LOCATION", text(e.URL)},
		{"URL", address(e.URL)},
		{"STATUS", status},
		{"END", "VEVENT"},
		{"END", "VCALENDAR"},
	} {
		if l.value != "" {
			fold(&b, l.name+":"+l.value)
		}
	}
	return []byte(b.String())
}

// text writes a value of type TEXT; what cannot stand in a line of a calendar is left out.
func text(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
	return plain(s)
}

// address writes a value of type URI, which has no escapes of its own.
func address(s string) string { return plain(strings.NewReplacer("\n", "", "\r", "").Replace(s)) }

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\t') || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// fold writes a line, broken where it gets too long; never inside of a letter, though the standard would allow it.
func fold(b *strings.Builder, line string) {
	room := most
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], most-1 // the blank counts
	}
	b.WriteString(line + "\r\n")
}

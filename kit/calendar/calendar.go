// Package calendar writes one event as a file that every calendar can read (RFC 5545), and that a mail program takes for an
// invitation, a change or a cancellation (RFC 5546).
//
// The same event always has the same UID, and a SEQUENCE that grows when it is moved or cancelled, so that a calendar
// that has it already changes its entry and never shows a second one. Times stand in an IANA zone whose rules come along
// (zone.go); where a local time would be ambiguous, in the night when clocks go back, they are written in UTC.
package calendar

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Method is what the file asks of the calendar that reads it.
type Method string

// Methods.
const (
	Publish Method = "PUBLISH" // an entry to take over, for nobody in particular; the zero value means this too
	Request Method = "REQUEST" // an invitation, or the new time of one
	Cancel  Method = "CANCEL"  // it will not take place
)

// ContentType is what a file with that method is.
func (m Method) ContentType() string {
	return "text/calendar; charset=utf-8; method=" + string(m.known())
}

func (m Method) known() Method {
	switch m {
	case Request, Cancel:
		return m
	default:
		return Publish
	}
}

const (
	most = 75 // octets of a line, without its end
	utc  = "20060102T150405Z"
)

// Event is what happens.
type Event struct {
	Method      Method
	UID         string
	Sequence    int32
	Made        time.Time // when this file was made
	Start, End  time.Time
	Zone        *time.Location // the zone that times are written in; nil: UTC
	Summary     string
	Description string
	URL         string
	Cancelled   bool
	Organizer   Person // who invites; whoever cancels must be the same
	Attendee    Person // who is invited: nobody, where it is published
}

// Person is who invites or is invited.
type Person struct{ Name, Address string }

// File is the calendar file of one event.
func File(e Event) []byte { return Prepare(e).For(e.Attendee) }

// Invitation is a calendar file that lacks only who is invited: ten thousand people are invited to one event.
type Invitation struct {
	before, after string
	invites       bool
}

// Prepare writes all of a file but the line of whom it is for.
func Prepare(e Event) Invitation {
	method, status := e.Method.known(), "CONFIRMED"
	if e.Cancelled || method == Cancel {
		status = "CANCELLED"
	}
	zone := zoneOf(e)
	start, end := moments(zone, e.Start, e.End)
	return Invitation{
		before: written([]line{
			{"BEGIN", "VCALENDAR"}, {"VERSION", "2.0"}, {"PRODID", "-//Rounds//Webinars//EN"}, {"CALSCALE", "GREGORIAN"}, {"METHOD", string(method)},
		}) + written(rules(zone, e.Start, e.End)) + written([]line{
			{"BEGIN", "VEVENT"},
			{"UID", text(e.UID)},
			{"SEQUENCE", fmt.Sprint(max(e.Sequence, 0))},
			{"DTSTAMP", e.Made.UTC().Format(utc)},
			{"DTSTART" + start.name, start.value},
			{"DTEND" + end.name, end.value},
			{"SUMMARY", text(e.Summary)},
			{"DESCRIPTION", text(e.Description)},
			{"LOCATION", text(e.URL)},
			{"URL", address(e.URL)},
			{"ORGANIZER" + e.Organizer.named(), e.Organizer.mailto()},
		}),
		invites: method != Publish, // RFC 5546 3.2.1: what is published names nobody
		after:   written([]line{{"STATUS", status}, {"END", "VEVENT"}, {"END", "VCALENDAR"}}),
	}
}

// For is the file for one person.
func (i Invitation) For(attendee Person) []byte {
	if !i.invites {
		return []byte(i.before + i.after)
	}
	// Whoever is told of it has asked to be: there is nothing to answer, and nobody who would read the answer.
	return []byte(i.before + written([]line{
		{"ATTENDEE" + attendee.named() + ";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE", attendee.mailto()},
	}) + i.after)
}

func written(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		if l.value != "" {
			fold(&b, l.name+":"+l.value)
		}
	}
	return b.String()
}

// line is one property; without a value it is left out.
type line struct{ name, value string }

// named is the parameter with a person's name.
func (p Person) named() string {
	name := strings.TrimSpace(strings.ReplaceAll(plain(p.Name), `"`, "'")) // a quoted parameter has no escape for its quotes
	if name == "" {
		return ""
	}
	return `;CN="` + name + `"`
}

func (p Person) mailto() string {
	if p.Address == "" {
		return ""
	}
	return "mailto:" + url.PathEscape(plain(p.Address))
}

// text writes a value of type TEXT; what cannot stand in a line of a calendar is left out.
func text(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n"), "\r", "\n")
	parts := strings.Split(s, "\n")
	for i, part := range parts {
		if parts[i] = plain(part); strings.ContainsAny(part, `\;,`) {
			parts[i] = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(parts[i])
		}
	}
	return strings.Join(parts, `\n`)
}

// address writes a value of type URI, which has no escapes of its own.
func address(s string) string { return plain(s) }

// plain leaves out what would end a line or cannot stand in one.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\t') || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029' {
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

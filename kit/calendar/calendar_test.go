package calendar_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"github.com/rounds-cme/rounds/kit/calendar"
)

func event() calendar.Event {
	start := time.Date(2026, 11, 26, 18, 0, 0, 0, time.FixedZone("CET", 3600))
	return calendar.Event{
		UID: "0192@rounds", Sequence: 3, Made: start.Add(-time.Hour), Start: start, End: start.Add(time.Hour),
		Summary: "Heart failure", URL: "https://rounds.example/webinars/heart-failure",
	}
}

func ljubljana(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// read is a file as a calendar reads it, with a library that others wrote.
func read(t *testing.T, file []byte) *ical.Event {
	t.Helper()
	lines(t, file)
	c, err := ical.NewDecoder(bytes.NewReader(file)).Decode()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, file)
	}
	if len(c.Events()) != 1 {
		t.Fatalf("%d events in:\n%s", len(c.Events()), file)
	}
	return &c.Events()[0]
}

// lines holds what the standard demands of every line, and gives them whole.
func lines(t *testing.T, file []byte) []string {
	t.Helper()
	whole := string(file)
	if strings.ContainsAny(strings.ReplaceAll(whole, "\r\n", ""), "\r\n") || !strings.HasSuffix(whole, "\r\n") {
		t.Errorf("a line does not end with CRLF: %q", whole)
	}
	for line := range strings.SplitSeq(whole, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Errorf("a line of %d octets, or half a letter: %q", len(line), line)
		}
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(whole, "\r\n ", ""), "\r\n"), "\r\n")
}

func value(t *testing.T, e *ical.Event, name string) string {
	t.Helper()
	p := e.Props.Get(name)
	if p == nil {
		return ""
	}
	if text, err := p.Text(); err == nil {
		return text
	}
	return p.Value
}

func TestFile(t *testing.T) {
	t.Parallel()
	got := read(t, calendar.File(event()))
	for name, want := range map[string]string{
		"UID": "0192@rounds", "SUMMARY": "Heart failure", "STATUS": "CONFIRMED", "DESCRIPTION": "", "ATTENDEE": "",
	} {
		if value(t, got, name) != want {
			t.Errorf("%s: %q, want %q", name, value(t, got, name), want)
		}
	}
	all := strings.Join(lines(t, calendar.File(event())), "\n")
	for _, want := range []string{
		"METHOD:PUBLISH", "SEQUENCE:3", "DTSTAMP:20261126T160000Z", "DTSTART:20261126T170000Z", "DTEND:20261126T180000Z",
		"URL:https://rounds.example/webinars/heart-failure",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "DESCRIPTION") || strings.Contains(all, "VTIMEZONE") {
		t.Error("what is empty is left out")
	}
}

func TestInvitationAndCancellation(t *testing.T) {
	t.Parallel()
	for method, status := range map[calendar.Method]string{calendar.Request: "CONFIRMED", calendar.Cancel: "CANCELLED"} {
		e := event()
		e.Method, e.Zone = method, ljubljana(t)
		e.Organizer = calendar.Person{Name: `Rounds "CME"`, Address: "no-reply@rounds.example"}
		e.Attendee = calendar.Person{Name: "Čuk, Žan; MD\r\nX:1", Address: "zan+a b@rounds.example"}
		all := strings.Join(lines(t, calendar.File(e)), "\n")
		for _, want := range []string{
			"METHOD:" + string(method), "STATUS:" + status, "SEQUENCE:3", `ORGANIZER;CN="Rounds 'CME'":mailto:no-reply@rounds.example`,
			`ATTENDEE;CN="Čuk, Žan; MDX:1";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:zan+a%20b@rounds.example`,
			"DTSTART;TZID=Europe/Ljubljana:20261126T180000", "BEGIN:VTIMEZONE", "TZID:Europe/Ljubljana",
		} {
			if !strings.Contains(all, want+"\n") {
				t.Errorf("%s: no %s in:\n%s", method, want, all)
			}
		}
		if !strings.HasSuffix(method.ContentType(), "method="+string(method)) {
			t.Error(method.ContentType())
		}
		read(t, calendar.File(e))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	e := event()
	e.Cancelled = true
	if got := value(t, read(t, calendar.File(e)), "STATUS"); got != "CANCELLED" {
		t.Error(got)
	}
}

// TestHostile: no title can add a line of its own, or break a letter.
func TestHostile(t *testing.T) {
	t.Parallel()
	e := event()
	e.Summary = "Srce, pljuča; \\ in\r\nEND:VEVENT\rBEGIN:VALARM\x00\x1b"
	e.Description = strings.Repeat("žčš€𝛼 ", 60) + "\xff"
	e.URL = "https://rounds.example/x\r\nATTACH:file:///etc/passwd"
	file := calendar.File(e)
	got := read(t, file)
	if want := "Srce, pljuča; \\ in\nEND:VEVENT\nBEGIN:VALARM"; value(t, got, "SUMMARY") != want {
		t.Errorf("summary %q, want %q", value(t, got, "SUMMARY"), want)
	}
	if want := strings.Repeat("žčš€𝛼 ", 60); value(t, got, "DESCRIPTION") != want {
		t.Errorf("description %q", value(t, got, "DESCRIPTION"))
	}
	if got.Props.Get("ATTACH") != nil {
		t.Error("an address added a line")
	}
}

// FuzzFile: whatever people typed, the file is read back as it was meant, and nobody writes a line of their own.
func FuzzFile(f *testing.F) {
	f.Add("0192@rounds", "Sepsis", "Dr. Miha", "https://rounds.example/w", "Ana", "ana@rounds.example", int64(1_792_893_600), int32(2), true)
	f.Add("u", "a\r\nATTENDEE:mailto:x@y", "b\\n;,:\"", "x\ny", "\"\n;CN=", "a@b\r\nc", int64(1_774_746_000), int32(-1), false)
	f.Add("", "\u2028\u0085\x7f\xf0\x9f", strings.Repeat("é", 500), " ", "", "", int64(-3_000_000_000), int32(0), true)
	zone := ljubljana(f)
	f.Fuzz(func(t *testing.T, uid, summary, description, url, name, address string, at int64, sequence int32, zoned bool) {
		start := time.Unix(at%4_000_000_000, 0)
		e := calendar.Event{
			Method: calendar.Request, UID: uid, Sequence: sequence, Made: start, Start: start, End: start.Add(time.Hour), Summary: summary,
			Description: description, URL: url, Organizer: calendar.Person{Name: name, Address: address}, Attendee: calendar.Person{Name: name, Address: address},
		}
		if zoned {
			e.Zone = zone
		}
		file := calendar.File(e)
		seen := map[string]int{}
		inside := false
		for _, line := range lines(t, file) {
			property := strings.FieldsFunc(line, func(r rune) bool { return r == ':' || r == ';' })[0]
			inside = inside && line != "END:VEVENT" || line == "BEGIN:VEVENT"
			if inside {
				seen[property]++
			}
		}
		for property, times := range seen {
			if times > 1 || !slices.Contains(strings.Fields("BEGIN UID SEQUENCE DTSTAMP DTSTART DTEND SUMMARY DESCRIPTION LOCATION URL ORGANIZER ATTENDEE STATUS"), property) {
				t.Errorf("%s stands %d times in:\n%s", property, times, file)
			}
		}
		if got, want := value(t, read(t, file), "SUMMARY"), typed(summary); got != want {
			t.Errorf("summary %q, want %q", got, want)
		}
		if begin := moment(t, file, "DTSTART"); !begin.Equal(start) {
			t.Errorf("begins %s, want %s:\n%s", begin, start, file)
		}
	})
}

// typed is what of a text a calendar can hold.
func typed(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, s)
}

package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/service/ssr/calendar"
)

func event() calendar.Event {
	start := time.Date(2026, 11, 26, 18, 0, 0, 0, time.FixedZone("CET", 3600))
	return calendar.Event{
		UID: "0192@rounds", Sequence: 3, Made: start.Add(-time.Hour), Start: start, End: start.Add(time.Hour),
		Summary: "Heart failure", URL: "https://rounds.example/webinars/heart-failure",
	}
}

// unfold is how a calendar reads lines.
func unfold(t *testing.T, file []byte) map[string]string {
	t.Helper()
	whole := string(file)
	if strings.Contains(strings.ReplaceAll(whole, "\r\n", ""), "\n") || !strings.HasSuffix(whole, "\r\n") {
		t.Error("a line does not end with CRLF")
	}
	for line := range strings.SplitSeq(whole, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	values := map[string]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(whole, "\r\n ", ""), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		values[name] = value
	}
	return values
}

func TestFile(t *testing.T) {
	t.Parallel()
	got := unfold(t, calendar.File(event()))
	for name, want := range map[string]string{
		"VERSION": "2.0", "UID": "0192@rounds", "SEQUENCE": "3", "DTSTAMP": "20261126T160000Z", "DTSTART": "20261126T170000Z",
		"DTEND": "20261126T180000Z", "SUMMARY": "Heart failure", "STATUS": "CONFIRMED", "METHOD": "PUBLISH",
		"URL": "https://rounds.example/webinars/heart-failure",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if _, has := got["DESCRIPTION"]; has {
		t.Error("what is empty is left out")
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	e := event()
	e.Cancelled = true
	if got := unfold(t, calendar.File(e))["STATUS"]; got != "CANCELLED" {
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
	got := unfold(t, file)
	if want := `Srce\, pljuča\; \\ in\nEND:VEVENT\nBEGIN:VALARM`; got["SUMMARY"] != want {
		t.Errorf("summary %q, want %q", got["SUMMARY"], want)
	}
	if want := strings.Repeat("žčš€𝛼 ", 60); got["DESCRIPTION"] != want {
		t.Errorf("description %q", got["DESCRIPTION"])
	}
	if n := strings.Count(string(file), "\r\nEND:VEVENT\r\n"); n != 1 {
		t.Errorf("%d ends of an event", n)
	}
	if _, has := got["ATTACH"]; has {
		t.Error("an address added a line")
	}
}

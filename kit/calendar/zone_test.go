package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/calendar"
)

// moment is what a time means to a calendar that knows nothing but the file: it applies the offsets that stand there, a local
// time that comes twice being the first (RFC 5545 3.3.5).
func moment(t *testing.T, file []byte, name string) time.Time {
	t.Helper()
	var since, from, to, written string
	type rule struct{ since, from, to string }
	var rules []rule
	inZone := false
	for _, line := range lines(t, file) {
		property, value, _ := strings.Cut(line, ":")
		property, _, _ = strings.Cut(property, ";")
		switch {
		case line == "BEGIN:VTIMEZONE":
			inZone = true
		case line == "END:VTIMEZONE":
			inZone = false
		case inZone && property == "DTSTART":
			since = value
		case inZone && property == "TZOFFSETFROM":
			from = value
		case inZone && property == "TZOFFSETTO":
			to = value
		case inZone && property == "END":
			rules = append(rules, rule{since, from, to})
		case property == name:
			written = value
		}
	}
	if strings.HasSuffix(written, "Z") {
		return parse(t, "20060102T150405Z", written)
	}
	if len(rules) == 0 {
		t.Fatalf("a local time without rules:\n%s", file)
	}
	holds := rules[0]
	for _, r := range rules {
		// The clock has been changed when it shows the time of the change, or the hour that is left out or comes again after it.
		change := parse(t, "20060102T150405", r.since)
		if at := parse(t, "20060102T150405", written); !at.Before(change) {
			holds = r
		}
	}
	return parse(t, "20060102T150405", written).Add(-offset(t, holds.to))
}

func parse(t *testing.T, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func offset(t *testing.T, text string) time.Duration {
	t.Helper()
	layout := "150405"[:len(text)-1]
	d := parse(t, layout, text[1:]).Sub(parse(t, layout, strings.Repeat("0", len(text)-1)))
	if text[0] == '-' {
		return -d
	}
	return d
}

func TestNightsOfClockChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ start, written string }{
		"before spring":                {"2026-03-29T00:30:00Z", ";TZID=Europe/Ljubljana:20260329T013000"},
		"after spring":                 {"2026-03-29T01:00:00Z", ";TZID=Europe/Ljubljana:20260329T030000"},
		"autumn, before":               {"2026-10-24T23:00:00Z", ";TZID=Europe/Ljubljana:20261025T010000"},
		"autumn, over the change":      {"2026-10-24T23:30:00Z", ":20261024T233000Z"},                      // it ends in the hour that comes again
		"autumn, the first 2:30":       {"2026-10-25T00:30:00Z", ";TZID=Europe/Ljubljana:20261025T023000"}, // a local time that comes twice is the first
		"autumn, the second 2:30":      {"2026-10-25T01:30:00Z", ":20261025T013000Z"},
		"autumn, when it is over":      {"2026-10-25T02:00:00Z", ";TZID=Europe/Ljubljana:20261025T030000"},
		"a year of which nobody knows": {"2050-07-01T10:00:00Z", ";TZID=Europe/Ljubljana:20500701T120000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := event()
			e.Zone, e.Start = ljubljana(t), parse(t, time.RFC3339, c.start)
			e.End = e.Start.Add(90 * time.Minute)
			file := calendar.File(e)
			if !strings.Contains(string(file), "DTSTART"+c.written+"\r\n") {
				t.Errorf("no %s in:\n%s", c.written, file)
			}
			read(t, file)
			for property, want := range map[string]time.Time{"DTSTART": e.Start, "DTEND": e.End} {
				if got := moment(t, file, property); !got.Equal(want) {
					t.Errorf("%s is read as %s, want %s:\n%s", property, got, want, file)
				}
			}
		})
	}
}

func TestRulesOfTheZone(t *testing.T) {
	t.Parallel()
	e := event()
	e.Zone = ljubljana(t)
	all := strings.Join(lines(t, calendar.File(e)), "\n")
	for _, want := range []string{
		"BEGIN:STANDARD\nDTSTART:20261025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD",
		"BEGIN:DAYLIGHT\nDTSTART:20270328T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no\n%s\nin\n%s", want, all)
		}
	}
}

// Every zone of the world is read back, those that never change their clocks and those with odd offsets too.
func TestOtherZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "UTC", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for month := range 36 {
			e := event()
			e.Zone, e.Start = zone, time.Date(2025, time.Month(1+month), 3, 14, 15, 0, 0, time.UTC)
			e.End = e.Start.Add(time.Hour)
			file := calendar.File(e)
			if got := moment(t, file, "DTSTART"); !got.Equal(e.Start) {
				t.Fatalf("%s: read as %s, want %s:\n%s", name, got, e.Start, file)
			}
		}
	}
}

package calendar

import (
	"fmt"
	"strings"
	"time"
)

const (
	local = "20060102T150405"
	// A calendar that does not know the zone must still know what holds around the event.
	around = 400 * 24 * time.Hour
)

// zoneOf is the zone that an event can be written in; nil: only UTC tells its times without doubt.
func zoneOf(e Event) *time.Location {
	if e.Zone == nil || e.Zone == time.UTC || e.Zone == time.Local || !named(e.Zone.String()) {
		return nil
	}
	if repeated(e.Start.In(e.Zone)) || repeated(e.End.In(e.Zone)) {
		return nil
	}
	return e.Zone
}

// named tells whether a zone has a name such as Europe/Ljubljana, with which calendars can do something.
func named(zone string) bool {
	parts := 0
	for part := range strings.SplitSeq(zone, "/") {
		if part == "" || strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-") != "" {
			return false
		}
		parts++
	}
	return parts > 1 && (zone[0] >= 'A' && zone[0] <= 'Z' || zone[0] >= 'a' && zone[0] <= 'z')
}

// repeated tells whether the clock shows this time for the second time, because it was put back in between: a local time
// always means the first (RFC 5545 3.3.5).
func repeated(t time.Time) bool {
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		return false
	}
	_, before := begin.Add(-time.Second).Zone()
	_, now := t.Zone()
	back := time.Duration(before-now) * time.Second
	return t.Sub(begin) < back
}

// moments writes the two times, with the parameter that names their zone.
func moments(zone *time.Location, start, end time.Time) (first, last line) {
	if zone == nil {
		return line{"", start.UTC().Format(utc)}, line{"", end.UTC().Format(utc)}
	}
	name := ";TZID=" + zone.String()
	return line{name, start.In(zone).Format(local)}, line{name, end.In(zone).Format(local)}
}

// rules is the component that says what a zone means around an event: each change of its clocks with the offsets before and
// after. They are written one by one and not as a yearly rule, because countries change their rules and an event does not repeat.
func rules(zone *time.Location, start, end time.Time) []line {
	if zone == nil {
		return nil
	}
	lines := []line{{"BEGIN", "VTIMEZONE"}, {"TZID", zone.String()}}
	for at := start.Add(-around).In(zone); ; {
		begin, next := at.ZoneBounds()
		lines = append(lines, observance(at, begin)...)
		if next.IsZero() || next.After(end.Add(around)) {
			break
		}
		at = next
	}
	return append(lines, line{"END", "VTIMEZONE"})
}

// observance is the time between two changes of the clocks; begin is the zero time where there was none before.
func observance(at, begin time.Time) []line {
	name, offset := at.Zone()
	from, since := offset, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if !begin.IsZero() {
		_, from = begin.Add(-time.Second).Zone()
		since = begin.UTC().Add(time.Duration(from) * time.Second) // as the clock showed it before the change
	}
	kind := "STANDARD"
	if at.IsDST() {
		kind = "DAYLIGHT"
	}
	return []line{
		{"BEGIN", kind},
		{"DTSTART", since.Format(local)},
		{"TZOFFSETFROM", shift(from)},
		{"TZOFFSETTO", shift(offset)},
		{"TZNAME", text(name)},
		{"END", kind},
	}
}

// shift writes an offset from UTC: +0100, or with seconds where history had them.
func shift(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	written := fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		written += fmt.Sprintf("%02d", seconds%60)
	}
	return written
}

// Package wall turns what the clocks of a zone show into the moment that is meant.
//
// Why a rule of its own: twice a year the two do not agree. When the clocks go forward some times are skipped, and when they go back some
// come twice. A library that guesses moves a webinar by an hour in silence; here the caller is told, and asks.
package wall

import "time"

// Layout is how a time is written, as 2026-11-26T18:00.
const Layout = "2006-01-02T15:04"

// Parse reads a time as it is written by Layout; seconds may follow.
func Parse(text string) (time.Time, error) {
	if at, err := time.Parse(Layout+":05", text); err == nil {
		return at, nil
	}
	return time.Parse(Layout, text)
}

// Moments are all instants at which the clocks of a zone show a time, the earliest first: one, or none, or two. A zone changes its
// offset at most once in the days around a time, so the offsets of the day before and the day after are all that can apply.
func Moments(said time.Time, zone *time.Location) []time.Time {
	var found []time.Time
	for _, at := range candidates(said, zone) {
		if Shown(at, zone).Equal(unzoned(said)) && (len(found) == 0 || !found[0].Equal(at)) {
			found = append(found, at)
		}
	}
	if len(found) == 2 && found[1].Before(found[0]) {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

// Beside are the times next to one that is skipped: as far before the change as the skipped one lies after it, and the other way round.
// For any other time both are the time itself.
func Beside(said time.Time, zone *time.Location) (earlier, later time.Time) {
	at := candidates(said, zone)
	earlier, later = Shown(at[1], zone), Shown(at[0], zone)
	if later.Before(earlier) {
		earlier, later = later, earlier
	}
	return earlier, later
}

// Shown is what the clocks of a zone show at a moment, to the second, as a time without a zone.
func Shown(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second).Truncate(time.Second)
}

func candidates(said time.Time, zone *time.Location) [2]time.Time {
	said = unzoned(said)
	var at [2]time.Time
	for i, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := said.Add(around).In(zone).Zone()
		at[i] = said.Add(-time.Duration(offset) * time.Second)
	}
	return at
}

func unzoned(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

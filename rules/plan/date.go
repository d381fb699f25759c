package plan

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a civil day. A licence runs from day to day, not from instant to instant; in which
// zone a webinar's day is taken is the chamber's matter and decided by the caller.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// On is the day of an instant in its own location.
func On(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// ParseDate reads "2026-11-26".
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("parse date: %w", err)
	}
	return On(t), nil
}

func (d Date) time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Date) String() string { return d.time().Format(time.DateOnly) }

// MarshalText writes "2026-11-26".
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "2026-11-26".
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare is negative if d is before other.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Before says whether d is earlier.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// AddDays counts days on the calendar.
func (d Date) AddDays(n int) Date { return On(d.time().AddDate(0, 0, n)) }

// AddYears keeps month and day; 29 February becomes the 28th in a common year, so that a
// licence never runs a day longer than its years.
func (d Date) AddYears(n int) Date {
	moved := Date{Year: d.Year + n, Month: d.Month, Day: d.Day}
	if On(moved.time()) != moved {
		moved.Day = 28
	}
	return moved
}

// DaysUntil is negative if other is earlier.
func (d Date) DaysUntil(other Date) int {
	return int(other.time().Sub(d.time()) / (24 * time.Hour))
}

// Period is the days [From, To): To is the first day that no longer belongs to it.
type Period struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// Days is never negative.
func (p Period) Days() int { return max(0, p.From.DaysUntil(p.To)) }

// Contains says whether the day lies in the period.
func (p Period) Contains(d Date) bool { return !d.Before(p.From) && d.Before(p.To) }

// clip is the common part, maybe empty.
func (p Period) clip(other Period) Period {
	if p.From.Before(other.From) {
		p.From = other.From
	}
	if other.To.Before(p.To) {
		p.To = other.To
	}
	return p
}

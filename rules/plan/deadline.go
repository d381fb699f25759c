package plan

import (
	"cmp"
	"slices"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Deadline is the end of a year or of a cycle before which points are missing.
type Deadline struct {
	Ends    Date // the first day on which they no longer count
	Missing credit.Points
}

// Deadlines are those that come within so many days, the next one first. Where a year and its cycle end together, what the larger
// of both asks for is asked once.
func (p Progress) Deadlines(within int) []Deadline {
	var all []Deadline
	for _, one := range []Deadline{{p.Year.To, p.Year.Missing}, {p.Cycle.To, p.Total.Missing}} {
		days := p.Day.DaysUntil(one.Ends)
		if one.Ends.IsZero() || one.Missing <= 0 || days < 1 || days > within {
			continue
		}
		if i := slices.IndexFunc(all, func(d Deadline) bool { return d.Ends == one.Ends }); i >= 0 {
			all[i].Missing = max(all[i].Missing, one.Missing)
			continue
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Deadline) int { return cmp.Or(a.Ends.Compare(b.Ends), cmp.Compare(a.Missing, b.Missing)) })
	return all
}

// Assumed is the record of somebody who has not told the day of their licence: the cycle begins with the first booking or, if that is
// earlier, with the registration.
func Assumed(registered Date, bookings []Booking) Record {
	record := Record{Anchor: registered, Bookings: bookings}
	for _, b := range bookings {
		if b.On.Before(record.Anchor) {
			record.Anchor = b.On
		}
	}
	return record
}

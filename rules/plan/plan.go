// Package plan says how far somebody is on the way to renewing a licence: a [Plan] is what a
// chamber requires, a [Record] is one person's bookings, [Plan.On] compares them on a day.
//
// Requirements are data. They differ between countries, professions and years, so no number
// of any chamber stands in code: a plan is JSON, kept with the account, and a chamber's
// change is another plan. [Examples] holds some to begin with.
//
// # Cycles and years
//
//	anchor                                          day asked for
//	  ├──── cycle 1 ────┬──── cycle 2 ────┬── year ──┬─ year ●  ─┬ … ┤ cycle 3
//	  licence issued    surplus up to carry-over goes on ──>
//
// A cycle is counted in whole years from the anchor, always from it and never from the last
// boundary, so that a licence of 29 February does not wander. A calendar plan begins on
// 1 January of the anchor's year. A pause (parental leave, illness), where the plan knows
// them, moves the end of its cycle by its days and lowers the yearly minimum in proportion.
//
// # Counting
//
// Bookings are never changed; a correction is a negative booking of the same day. Of one day
// no more than the daily cap counts, in all and in each bucket. Points are exact hundredths
// (package credit says why); where a share must be rounded, it is in the member's favour.
package plan

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Years says where a year of the plan begins.
type Years string

// The two ways chambers count years.
const (
	FromLicence  Years = "licence"  // on the day of the licence
	FromCalendar Years = "calendar" // on 1 January
)

// Plan is what a chamber requires of a profession. A zero number is no requirement.
type Plan struct {
	Code          string        `json:"code"` // stable: country and profession
	Country       string        `json:"country"`
	Name          string        `json:"name"`
	CycleYears    int           `json:"cycle_years"`
	Years         Years         `json:"years"`
	Total         credit.Points `json:"total"`
	YearlyMinimum credit.Points `json:"yearly_minimum,omitempty"`
	DailyCap      credit.Points `json:"daily_cap,omitempty"`
	CarryOver     credit.Points `json:"carry_over,omitempty"` // at most so much surplus goes on
	Buckets       []Bucket      `json:"buckets,omitempty"`
	Pauses        bool          `json:"pauses,omitempty"` // whether pauses move the end
	Source        string        `json:"source"`           // whose rule it is
	Note          string        `json:"note,omitempty"`   // what it does not say
}

// Bucket is a part of the total that must be of one kind.
type Bucket struct {
	Code    string        `json:"code"`
	Minimum credit.Points `json:"minimum"`
}

// Parse reads a plan and refuses what is unknown or makes no sense.
func Parse(data []byte) (Plan, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var p Plan
	if err := d.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("parse plan: %w", err)
	}
	return p, p.Check()
}

// Check says what is wrong with a plan, if anything is.
func (p Plan) Check() error {
	switch {
	case p.Code == "":
		return fmt.Errorf("plan: code is missing")
	case p.CycleYears < 1 || p.CycleYears > 20:
		return fmt.Errorf("plan %s: cycle_years: want 1 to 20", p.Code)
	case p.Years != FromLicence && p.Years != FromCalendar:
		return fmt.Errorf("plan %s: years: want %s or %s", p.Code, FromLicence, FromCalendar)
	case p.Total <= 0 || p.Total > 10_000*credit.Point:
		return fmt.Errorf("plan %s: total: want more than 0, at most 10000", p.Code)
	case p.YearlyMinimum < 0 || p.DailyCap < 0 || p.CarryOver < 0:
		return fmt.Errorf("plan %s: a number is negative", p.Code)
	case p.YearlyMinimum*credit.Points(p.CycleYears) > p.Total:
		return fmt.Errorf("plan %s: yearly minimums are more than the total", p.Code)
	}
	seen := map[string]bool{}
	for _, b := range p.Buckets {
		if b.Code == "" || seen[b.Code] || b.Minimum <= 0 || b.Minimum > p.Total {
			return fmt.Errorf("plan %s: bucket %q: want its own code and 0 < minimum ≤ total", p.Code, b.Code)
		}
		seen[b.Code] = true
	}
	return nil
}

package plan

import (
	"slices"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Booking is a line of the ledger. A correction is a booking with negative points.
type Booking struct {
	On     Date          `json:"on"`
	Points credit.Points `json:"points"`
	Bucket string        `json:"bucket,omitempty"`
}

// Record is what one person brings to a plan: all bookings ever, in any order.
type Record struct {
	Anchor   Date      `json:"anchor"` // day of the licence
	Pauses   []Period  `json:"pauses,omitempty"`
	Bookings []Booking `json:"bookings,omitempty"`
}

// State says how a requirement stands.
type State string

// The states of a requirement.
const (
	Met    State = "met"
	Open   State = "open"   // not met, still time
	Failed State = "failed" // its time is over
)

// Amount is a requirement with its numbers; Missing is never negative.
type Amount struct {
	Have    credit.Points `json:"have"`
	Need    credit.Points `json:"need"`
	Missing credit.Points `json:"missing"`
	State   State         `json:"state"`
}

// Year is the yearly minimum of one year of the cycle.
type Year struct {
	Period
	Amount
}

// Part is a bucket of the cycle.
type Part struct {
	Code string `json:"code"`
	Amount
}

// Progress is how somebody stands on a day.
type Progress struct {
	Day     Date          `json:"day"`
	Cycle   Period        `json:"cycle"`
	Number  int           `json:"number"` // of the cycle, from 1
	Carried credit.Points `json:"carried"`
	Total   Amount        `json:"total"` // carried points included
	Year    Year          `json:"year"`  // the one the day lies in
	Years   []Year        `json:"years"` // of the cycle, up to that one
	Buckets []Part        `json:"buckets,omitempty"`
	// Forecast is nil while there is too little to go by.
	Forecast *Forecast `json:"forecast,omitempty"`
}

// Forecast is "on this pace 75 by 3 March 2028".
type Forecast struct {
	Reached Date `json:"reached"`
	InTime  bool `json:"in_time"`
}

// On is the progress of a record on a day. Bookings of later days are not yet known.
func (p Plan) On(r Record, day Date) Progress {
	cycles := p.cycles(r.Anchor, r.Pauses, day)
	carried := credit.Points(0)
	for _, past := range cycles[:len(cycles)-1] {
		surplus := carried + p.sum(r.Bookings, past, "") - p.Total
		carried = max(0, min(surplus, p.CarryOver))
	}
	cycle := cycles[len(cycles)-1]
	known := Period{From: cycle.From, To: day.AddDays(1)}.clip(cycle)
	earned := p.sum(r.Bookings, known, "")

	progress := Progress{
		Day:     day,
		Cycle:   cycle,
		Number:  len(cycles),
		Carried: carried,
		Total:   amount(carried+earned, p.Total, true),
		Years:   p.yearly(r, cycle, known),
	}
	if n := len(progress.Years); n > 0 {
		progress.Year = progress.Years[n-1]
	}
	for _, b := range p.Buckets {
		have := p.sum(r.Bookings, known, b.Code)
		progress.Buckets = append(progress.Buckets, Part{Code: b.Code, Amount: amount(have, b.Minimum, true)})
	}
	awake := known.Days() - p.asleep(known, r.Pauses)
	progress.Forecast = forecast(progress, earned, awake)
	return progress
}

func amount(have, need credit.Points, inTime bool) Amount {
	a := Amount{Have: have, Need: need, Missing: max(0, need-have), State: Met}
	switch {
	case a.Missing > 0 && inTime:
		a.State = Open
	case a.Missing > 0:
		a.State = Failed
	}
	return a
}

// sum counts the bookings of a period, of one bucket or of all (""), day by day under the cap.
func (p Plan) sum(bookings []Booking, in Period, bucket string) credit.Points {
	days := map[Date]credit.Points{}
	for _, b := range bookings {
		if in.Contains(b.On) && (bucket == "" || b.Bucket == bucket) {
			days[b.On] += b.Points
		}
	}
	var sum credit.Points
	for _, points := range days {
		if p.DailyCap > 0 {
			points = min(points, p.DailyCap) // a day of corrections may well be negative
		}
		sum += points
	}
	return sum
}

// yearly is each year of the cycle that has begun, with its minimum. A pause lowers it by its
// share of the year, and so does a year that the end of a moved cycle cuts short.
func (p Plan) yearly(r Record, cycle, known Period) []Year {
	var years []Year
	for _, y := range p.years(cycle) {
		if len(years) > 0 && !y.From.Before(known.To) {
			break
		}
		whole := y.From.DaysUntil(y.From.AddYears(1))
		awake := min(whole, y.Days()-p.asleep(y, r.Pauses))
		need := p.YearlyMinimum
		if awake < whole && (p.Pauses || p.Years == FromCalendar) {
			need = need * credit.Points(awake) / credit.Points(whole)
		}
		have := p.sum(r.Bookings, y.clip(known), "")
		years = append(years, Year{Period: y, Amount: amount(have, need, !y.To.Before(known.To))})
	}
	return years
}

// asleep is paused, where the plan knows pauses.
func (p Plan) asleep(in Period, pauses []Period) int {
	if !p.Pauses {
		return 0
	}
	return paused(in, pauses)
}

// A forecast needs some days to go by, else the first webinar would promise a licence in a
// week; and one beyond a lifetime is no help.
const (
	forecastAfter   = 28
	forecastHorizon = 36525
)

// forecast draws a straight line through what was earned in this cycle, without what was
// carried into it and without days on which the licence slept.
func forecast(p Progress, earned credit.Points, days int) *Forecast {
	if p.Total.State == Met || earned <= 0 || days < forecastAfter {
		return nil
	}
	left := (int64(p.Total.Missing)*int64(days) + int64(earned) - 1) / int64(earned)
	if left > forecastHorizon {
		return nil
	}
	reached := p.Day.AddDays(int(left))
	return &Forecast{Reached: reached, InTime: reached.Before(p.Cycle.To)}
}

func sorted(pauses []Period) []Period {
	s := slices.Clone(pauses)
	slices.SortFunc(s, func(a, b Period) int { return a.From.Compare(b.From) })
	return s
}

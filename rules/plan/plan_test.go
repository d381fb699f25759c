package plan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/rounds-cme/rounds/rules/credit"
)

func date(t testing.TB, text string) Date {
	t.Helper()
	d, err := ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func example(t testing.TB, code string) Plan {
	t.Helper()
	plans, err := Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if p.Code == code {
			return p
		}
	}
	t.Fatalf("no example %s", code)
	return Plan{}
}

func points(n int) credit.Points { return credit.Points(n) * credit.Point }

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code                 string
		total, years, yearly int
	}{
		{"si-doctor", 75, 7, 0},
		{"de-doctor", 250, 5, 0},
		{"hr-doctor", 120, 6, 0},
		{"rs-health", 140, 7, 10},
		{"me-doctor", 10, 1, 10},
	} {
		p := example(t, c.code)
		if p.Total != points(c.total) || p.CycleYears != c.years || p.YearlyMinimum != points(c.yearly) || p.Source == "" {
			t.Errorf("%s: %+v", c.code, p)
		}
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(data); err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s does not survive JSON: %v", c.code, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		``, `{}`, `{"code":"x"}`,
		`{"code":"x","cycle_years":0,"years":"licence","total":1}`,
		`{"code":"x","cycle_years":1,"years":"moon","total":1}`,
		`{"code":"x","cycle_years":1,"years":"licence","total":0}`,
		`{"code":"x","cycle_years":1,"years":"licence","total":1,"daily_cap":-1}`,
		`{"code":"x","cycle_years":2,"years":"licence","total":10,"yearly_minimum":6}`,
		`{"code":"x","cycle_years":1,"years":"licence","total":1,"totl":1}`,
		`{"code":"x","cycle_years":1,"years":"licence","total":1,"buckets":[{"code":"a","minimum":2}]}`,
		`{"code":"x","cycle_years":1,"years":"licence","total":3,"buckets":[{"code":"a","minimum":1},{"code":"a","minimum":1}]}`,
	} {
		if p, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s is accepted as %+v", bad, p)
		}
	}
}

func TestCycleBoundaries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code, anchor, day, from, to string
		number                            int
	}{
		{"first day", "si-doctor", "2020-03-01", "2020-03-01", "2020-03-01", "2027-03-01", 1},
		{"last day", "si-doctor", "2020-03-01", "2027-02-28", "2020-03-01", "2027-03-01", 1},
		{"next cycle", "si-doctor", "2020-03-01", "2027-03-01", "2027-03-01", "2034-03-01", 2},
		{"before the licence", "si-doctor", "2020-03-01", "2019-01-01", "2020-03-01", "2027-03-01", 1},
		{"leap day, common year", "si-doctor", "2024-02-29", "2031-02-28", "2031-02-28", "2038-02-28", 2},
		{"leap day does not wander", "hr-doctor", "2024-02-29", "2037-01-01", "2036-02-29", "2042-02-28", 3},
		{"leap day, four cycles on", "si-doctor", "2024-02-29", "2052-02-29", "2052-02-29", "2059-02-28", 5},
		{"calendar", "me-doctor", "2024-07-15", "2026-12-31", "2026-01-01", "2027-01-01", 3},
		{"calendar, new year", "me-doctor", "2024-07-15", "2027-01-01", "2027-01-01", "2028-01-01", 4},
	} {
		got := example(t, c.code).On(Record{Anchor: date(t, c.anchor)}, date(t, c.day))
		want := Period{From: date(t, c.from), To: date(t, c.to)}
		if got.Cycle != want || got.Number != c.number {
			t.Errorf("%s: cycle %d %v, want %d %v", c.name, got.Number, got.Cycle, c.number, want)
		}
	}
}

func TestYearlyMinimum(t *testing.T) {
	t.Parallel()
	r := Record{Anchor: date(t, "2023-05-10"), Bookings: []Booking{
		{On: date(t, "2023-05-10"), Points: points(10)}, // first day of year one
		{On: date(t, "2025-05-09"), Points: points(9)},  // last day of year two
		{On: date(t, "2025-05-10"), Points: points(4)},  // first day of year three
	}}
	got := example(t, "rs-health").On(r, date(t, "2026-05-09"))
	want := []State{Met, Failed, Open}
	for i, s := range want {
		if got.Years[i].State != s {
			t.Errorf("year %d is %s, want %s: %+v", i+1, got.Years[i].State, s, got.Years[i])
		}
	}
	if len(got.Years) != 3 || got.Year.Missing != points(6) || got.Total.Missing != points(117) {
		t.Errorf("progress %+v", got)
	}
}

func TestBucketsCapsAndCorrections(t *testing.T) {
	t.Parallel()
	p := example(t, "si-doctor")
	p.DailyCap = points(8)
	r := Record{Anchor: date(t, "2024-01-01"), Bookings: []Booking{
		{On: date(t, "2024-02-01"), Points: points(6), Bucket: "speciality"},
		{On: date(t, "2024-02-01"), Points: points(6), Bucket: "ethics"},
		{On: date(t, "2024-02-02"), Points: points(-2), Bucket: "ethics"},
		{On: date(t, "2024-03-02"), Points: points(50)}, // after the day asked for
	}}
	got := p.On(r, date(t, "2024-03-01"))
	if got.Total.Have != points(6) {
		t.Errorf("have %s, want 8 of the first day less 2", got.Total.Have)
	}
	if s, e := got.Buckets[0], got.Buckets[1]; s.Have != points(6) || s.State != Open || e.Have != points(4) || e.Missing != points(1) {
		t.Errorf("buckets %+v", got.Buckets)
	}
}

func TestCarryOver(t *testing.T) {
	t.Parallel()
	p := example(t, "hr-doctor")
	p.CarryOver = points(20)
	r := Record{Anchor: date(t, "2014-01-01"), Bookings: []Booking{
		{On: date(t, "2015-01-01"), Points: points(150)},
		{On: date(t, "2021-01-01"), Points: points(105)},
	}}
	second, third := p.On(r, date(t, "2021-06-01")), p.On(r, date(t, "2026-06-01"))
	if second.Carried != points(20) || second.Total.State != Met {
		t.Errorf("second cycle %+v", second)
	}
	if third.Carried != points(5) {
		t.Errorf("carried %s into the third cycle, want 20+105−120", third.Carried)
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	p := example(t, "rs-health")
	p.Pauses = true
	half := Period{From: date(t, "2024-01-01"), To: date(t, "2024-07-01")} // 182 of 366 days
	twice := Period{From: date(t, "2024-02-01"), To: date(t, "2024-03-01")}
	r := Record{Anchor: date(t, "2024-01-01"), Pauses: []Period{half, twice}}
	got := p.On(r, date(t, "2024-12-31"))
	if got.Cycle.To != date(t, "2031-07-02") {
		t.Errorf("the cycle ends %s, want 182 days later", got.Cycle.To)
	}
	if got.Year.Need != 502 {
		t.Errorf("the year needs %s, want 10·184/366", got.Year.Need)
	}
	if next := p.On(r, date(t, "2031-07-02")); next.Number != 2 || next.Cycle.To != date(t, "2038-07-02") {
		t.Errorf("the next cycle is %d %v", next.Number, next.Cycle)
	}
	p.Pauses = false
	if got := p.On(r, date(t, "2024-12-31")); got.Cycle.To != date(t, "2031-01-01") || got.Year.Need != points(10) {
		t.Errorf("a plan without pauses: %+v", got)
	}
}

func TestForecast(t *testing.T) {
	t.Parallel()
	p := example(t, "si-doctor")
	anchor := date(t, "2024-01-01")
	for _, c := range []struct {
		name, day, reached string
		earned             int
		inTime             bool
	}{
		{"15 in 100 days, 60 in 400 more", "2024-04-09", "2025-05-14", 15, true},
		{"too slow", "2024-04-09", "2044-07-13", 1, false},
		{"too early to say", "2024-01-20", "", 15, false},
		{"nothing yet", "2024-04-09", "", 0, false},
		{"done", "2024-04-09", "", 75, false},
	} {
		r := Record{Anchor: anchor, Bookings: []Booking{{On: anchor, Points: points(c.earned)}}}
		f := p.On(r, date(t, c.day)).Forecast
		switch {
		case c.reached == "" && f != nil:
			t.Errorf("%s: forecast %+v, want none", c.name, f)
		case c.reached != "" && (f == nil || f.Reached != date(t, c.reached) || f.InTime != c.inTime):
			t.Errorf("%s: forecast %+v, want %s", c.name, f, c.reached)
		}
	}
}

// Whatever the record: order does not matter, cycles and years have no hole, and numbers agree.
func FuzzOn(f *testing.F) {
	for n := range uint64(20) {
		f.Add(n, n%5, int(n)*300)
	}
	f.Fuzz(func(t *testing.T, seed, which uint64, days int) {
		plans, err := Examples()
		if err != nil {
			t.Fatal(err)
		}
		p := plans[which%uint64(len(plans))]
		rnd := rand.New(rand.NewPCG(seed, 1))
		p.Pauses, p.CarryOver, p.DailyCap = rnd.IntN(2) == 0, points(rnd.IntN(30)), points(rnd.IntN(9))
		anchor := Date{Year: 2016, Month: 2, Day: 29}
		r := Record{Anchor: anchor}
		for range rnd.IntN(60) {
			r.Bookings = append(r.Bookings, Booking{On: anchor.AddDays(rnd.IntN(9000)), Points: credit.Points(rnd.IntN(900) - 90)})
		}
		for range rnd.IntN(4) {
			from := anchor.AddDays(rnd.IntN(9000))
			r.Pauses = append(r.Pauses, Period{From: from, To: from.AddDays(rnd.IntN(700))})
		}
		day := anchor.AddDays(days % 20000)
		got := p.On(r, day)
		rnd.Shuffle(len(r.Bookings), func(i, k int) { r.Bookings[i], r.Bookings[k] = r.Bookings[k], r.Bookings[i] })
		if again := p.On(r, day); !reflect.DeepEqual(got, again) {
			t.Fatalf("the order of bookings matters:\n%+v\n%+v", got, again)
		}
		if !day.Before(anchor) && !got.Cycle.Contains(day) {
			t.Fatalf("%s is not in its cycle %v", day, got.Cycle)
		}
		if got.Total.Missing != max(0, p.Total-got.Total.Have) || got.Year.Need > p.YearlyMinimum || got.Year.Need < 0 {
			t.Fatalf("numbers disagree: %+v", got)
		}
		for i := 1; i < len(got.Years); i++ {
			if got.Years[i].From != got.Years[i-1].To {
				t.Fatalf("a hole between years: %+v", got.Years)
			}
		}
	})
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	day := func(text string) Date {
		d, err := ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	yearly := Plan{Code: "x", CycleYears: 2, Years: FromLicence, Total: 30 * credit.Point, YearlyMinimum: 10 * credit.Point}
	for _, c := range []struct {
		name, on string
		booked   []Booking
		want     string
	}{
		{"the year ends", "2026-12-20", nil, "2027-01-01 1000"},
		{"on its last day", "2026-12-31", nil, "2027-01-01 1000"},
		{"the next year has begun", "2027-01-01", nil, ""},
		{"more than 30 days are left", "2026-12-01", nil, ""},
		{"what the year asks for is there", "2026-12-20", []Booking{{On: day("2026-05-01"), Points: 1000}}, ""},
		{"year and cycle end together, and the cycle asks for more", "2027-12-20", []Booking{{On: day("2027-05-01"), Points: 400}}, "2028-01-01 2600"},
		{"they end together, and the year asks for more", "2027-12-20", []Booking{{On: day("2026-05-01"), Points: 2800}}, "2028-01-01 1000"},
	} {
		record := Assumed(day("2026-01-01"), c.booked)
		var got string
		for _, d := range yearly.On(record, day(c.on)).Deadlines(30) {
			got += fmt.Sprintf("%s %d", d.Ends, d.Missing)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if r := Assumed(day("2026-01-01"), []Booking{{On: day("2025-06-01")}, {On: day("2025-03-01")}}); r.Anchor != day("2025-03-01") {
		t.Errorf("a booking before the registration: %s", r.Anchor)
	}
}

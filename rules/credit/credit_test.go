package credit

import (
	"testing"
	"time"
)

var start = time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)

// at is a moment of the evening, "17:42" or "17:42:30".
func at(t testing.TB, clock string) time.Time {
	t.Helper()
	layout := "15:04"
	if len(clock) > 5 {
		layout = time.TimeOnly
	}
	c, err := time.Parse(layout, clock)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, 26, c.Hour(), c.Minute(), c.Second(), 0, time.UTC)
}

func span(t testing.TB, from, to string) Span {
	t.Helper()
	return Span{From: at(t, from), To: at(t, to)}
}

func watched(t testing.TB, from, to string) Interval {
	t.Helper()
	return Interval{Span: span(t, from, to)}
}

func dropped(t testing.TB, from, to string) Interval {
	t.Helper()
	return Interval{Span: span(t, from, to), Dropped: true}
}

// hour is a webinar of 17:00 to 18:00 under the default rule.
func hour(watched ...Interval) Evidence {
	return Evidence{
		Rule:      Default(),
		Programme: Programme{Started: start, Ended: start.Add(time.Hour)},
		Watched:   watched,
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		change              func(e *Evidence)
		watched, creditable Seconds
		verdict             Verdict
	}{
		{"all of it", func(e *Evidence) { e.Watched = []Interval{watched(t, "17:00", "18:00")} }, 3600, 3600, VerdictPassed},
		{"nothing", func(*Evidence) {}, 0, 3600, VerdictFailed},
		{"exactly enough", func(e *Evidence) { e.Watched = []Interval{watched(t, "17:00", "17:48")} }, 2880, 3600, VerdictPassed},
		{"a second short", func(e *Evidence) { e.Watched = []Interval{watched(t, "17:00:01", "17:48")} }, 2879, 3600, VerdictFailed},
		{"two devices at once", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:00", "17:40"), watched(t, "17:10", "17:50")}
		}, 3000, 3600, VerdictPassed},
		{"before the real start and after the end", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "16:00", "17:10"), watched(t, "17:50", "19:00")}
		}, 1200, 3600, VerdictFailed},
		{"an interval that ends before it begins", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:50", "17:10")}
		}, 0, 3600, VerdictFailed},
		{"a break and a sponsor are not creditable", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:00", "18:00")}
			e.Programme.Segments = []Segment{{span(t, "17:20", "17:30"), Break}, {span(t, "17:25", "17:40"), Sponsor}}
		}, 2400, 2400, VerdictPassed},
		{"talks with a lobby, planned before the real start", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "16:50", "17:30")}
			e.Programme.Segments = []Segment{{span(t, "16:55", "17:30"), Talk}, {span(t, "16:45", "17:05"), Lobby}}
		}, 1500, 1500, VerdictPassed},
		{"reconnected within the grace", func(e *Evidence) {
			e.Watched = []Interval{dropped(t, "17:00", "17:20"), watched(t, "17:21", "17:48")}
		}, 2880, 3600, VerdictPassed},
		{"reconnected a second too late", func(e *Evidence) {
			e.Watched = []Interval{dropped(t, "17:00", "17:20"), watched(t, "17:21:01", "17:48")}
		}, 2819, 3600, VerdictFailed},
		{"a pause is no lost connection", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:00", "17:20"), watched(t, "17:20:30", "17:48")}
		}, 2850, 3600, VerdictFailed},
		{"there for seconds in every minute", func(e *Evidence) {
			for from := start; from.Before(start.Add(time.Hour)); from = from.Add(time.Minute) {
				e.Watched = append(e.Watched, Interval{Span: Span{From: from, To: from.Add(5 * time.Second)}, Dropped: true})
			}
		}, 60*5 + 360, 3600, VerdictFailed},
		{"all gaps forgiven, where the rule says so", func(e *Evidence) {
			e.Rule.ReconnectPercent = 0
			for from := start; from.Before(start.Add(time.Hour)); from = from.Add(time.Minute) {
				e.Watched = append(e.Watched, Interval{Span: Span{From: from, To: from.Add(5 * time.Second)}, Dropped: true})
			}
		}, 3600 - 55, 3600, VerdictPassed},
		{"dropped and never back", func(e *Evidence) { e.Watched = []Interval{dropped(t, "17:00", "17:47:30")} }, 2850, 3600, VerdictFailed},
		{"an incident leaves both sides", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:00", "17:40")}
			e.Incidents = []Span{span(t, "17:40", "17:50"), span(t, "17:45", "17:50")}
		}, 2400, 3000, VerdictPassed},
		{"an incident does not use up the grace", func(e *Evidence) {
			e.Watched = []Interval{dropped(t, "17:00", "17:20"), watched(t, "17:30:40", "18:00")}
			e.Incidents = []Span{span(t, "17:20:20", "17:30:20")}
		}, 3000, 3000, VerdictPassed},
		{"nothing left to watch gives nobody credit", func(e *Evidence) {
			e.Watched = []Interval{watched(t, "17:00", "18:00")}
			e.Incidents = []Span{span(t, "16:00", "19:00")}
		}, 0, 0, VerdictFailed},
		{"credited in another webinar", func(e *Evidence) {
			e.Watched = []Interval{dropped(t, "17:00", "17:20"), watched(t, "17:21", "18:00")}
			e.Elsewhere = []Span{span(t, "16:30", "17:10"), span(t, "17:20:10", "17:20:20")}
		}, 2990, 3600, VerdictPassed},
	} {
		e := hour()
		c.change(&e)
		got := Evaluate(e)
		if got.Watched != c.watched || got.Creditable != c.creditable || got.Verdict != c.verdict {
			t.Errorf("%s: %d of %d s, %s; want %d of %d, %s", c.name,
				got.Watched, got.Creditable, got.Verdict, c.watched, c.creditable, c.verdict)
		}
	}
}

func TestFates(t *testing.T) {
	t.Parallel()
	sent, seen := at(t, "17:30"), at(t, "17:30:05")
	asked := Check{Number: 1, Due: sent, Sent: sent, Delivered: seen}
	answered := func(clock string) Check { c := asked; c.Answered = at(t, clock); return c }
	undelivered := Check{Number: 1, Due: sent, Sent: sent}
	for _, c := range []struct {
		name      string
		check     Check
		now       string
		incidents []Span
		want      Fate
	}{
		{"in time", answered("17:31"), "", nil, Answered},
		{"in the last second", answered("17:31:20"), "", nil, Answered},
		{"too late", answered("17:31:21"), "", nil, Missed},
		{"before it was sent", answered("17:29:59"), "", nil, Missed},
		{"never answered", asked, "", nil, Missed},
		{"never delivered", undelivered, "", nil, Void},
		{"never sent", Check{Number: 1, Due: sent}, "", nil, Void},
		{"answered though never sent", Check{Number: 1, Due: sent, Answered: seen}, "", nil, Void},
		{"answered, the delivery report was lost", Check{Number: 1, Due: sent, Sent: sent, Answered: seen}, "", nil, Answered},
		{"in an incident", asked, "", []Span{span(t, "17:20", "17:40")}, Void},
		{"an incident began in its window", asked, "", []Span{span(t, "17:31:19", "17:40")}, Void},
		{"an incident began after its window", asked, "", []Span{span(t, "17:31:20", "17:40")}, Missed},
		{"answered in an incident", answered("17:31"), "", []Span{span(t, "17:20", "17:40")}, Answered},
		{"cut off by the end", Check{Number: 1, Due: at(t, "17:59"), Sent: at(t, "17:59"), Delivered: at(t, "17:59")}, "", nil, Void},
		{"to come", Check{Number: 1, Due: sent}, "17:10", nil, Planned},
		{"open", asked, "17:31:19", nil, Open},
		{"just over", asked, "17:31:20", nil, Open},
		{"over", asked, "17:31:21", nil, Missed},
		{"an answer of the future is not yet one", answered("17:31"), "17:30:30", nil, Open},
		{"not sent in time", Check{Number: 1, Due: sent}, "17:40", nil, Void},
	} {
		e := hour(watched(t, "17:00", "18:00"))
		e.Checks, e.Incidents = []Check{c.check}, c.incidents
		if c.now != "" {
			e.At = at(t, c.now)
		}
		got := Evaluate(e).Checks
		want := map[Fate]Tally{Answered: {Answered: 1}, Missed: {Missed: 1}, Open: {Open: 1}, Planned: {Planned: 1}, Void: {Void: 1}}[c.want]
		if got != want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckOnTwoDevices(t *testing.T) {
	t.Parallel()
	phone := Check{Number: 1, Due: at(t, "17:30"), Sent: at(t, "17:30"), Delivered: at(t, "17:30:02")}
	desk := phone
	desk.Delivered, desk.Answered = at(t, "17:30:01"), at(t, "17:30:30")
	e := hour(watched(t, "17:00", "18:00"))
	e.Checks = []Check{phone, desk, phone}
	if got := Evaluate(e).Checks; got != (Tally{Answered: 1}) {
		t.Errorf("one answer on one of two devices: %+v", got)
	}
}

func checks(t testing.TB, answered ...bool) []Check {
	t.Helper()
	all := make([]Check, len(answered))
	for i, yes := range answered {
		due := start.Add(time.Duration(10+10*i) * time.Minute)
		all[i] = Check{Number: i + 1, Due: due, Sent: due, Delivered: due}
		if yes {
			all[i].Answered = due.Add(20 * time.Second)
		}
	}
	return all
}

func TestGates(t *testing.T) {
	t.Parallel()
	all := watched(t, "17:00", "18:00")
	for _, c := range []struct {
		name    string
		checks  []Check
		gates   Gates
		verdict Verdict
	}{
		{"three of four checks", checks(t, true, false, true, true), Gates{}, VerdictPassed},
		{"two of four", checks(t, true, false, true, false), Gates{}, VerdictFailed},
		{"two of three are not three quarters", checks(t, true, true, false), Gates{}, VerdictFailed},
		{"no check was ever sent", nil, Gates{}, VerdictPassed},
		{"evaluation to do", nil, Gates{EvaluationMissing: true}, VerdictOpen},
		{"quiz to do", nil, Gates{Quiz: &Quiz{}}, VerdictOpen},
		{"quiz passed", nil, Gates{Quiz: &Quiz{Taken: true, Percent: 70}}, VerdictPassed},
		{"quiz failed", nil, Gates{Quiz: &Quiz{Taken: true, Percent: 69}}, VerdictFailed},
		{"a failed gate beats a missing one", checks(t, false), Gates{EvaluationMissing: true}, VerdictFailed},
	} {
		e := hour(all)
		e.Checks, e.Gates = c.checks, c.gates
		got := Evaluate(e)
		if got.Verdict != c.verdict {
			t.Errorf("%s: %s, want %s: %+v", c.name, got.Verdict, c.verdict, got.Reasons)
		}
		if (got.Points != 0) != (c.verdict == VerdictPassed) {
			t.Errorf("%s: %s points", c.name, got.Points)
		}
	}
	e := hour(all)
	e.Rule.EvaluationRequired = false
	e.Gates.EvaluationMissing = true
	if got := Evaluate(e); got.Verdict != VerdictPassed {
		t.Errorf("an evaluation nobody requires bars: %+v", got.Reasons)
	}
}

func TestReachedAt(t *testing.T) {
	t.Parallel()
	e := hour(watched(t, "17:04", "18:00"))
	if got := Evaluate(e).ReachedAt; !got.Equal(at(t, "17:52")) {
		t.Errorf("reached at %s by time, want 17:52", got)
	}
	e.Checks = checks(t, true, true, true, true)
	e.Checks[2].Due, e.Checks[2].Sent, e.Checks[2].Delivered = at(t, "17:53"), at(t, "17:53"), at(t, "17:53")
	e.Checks[2].Answered = at(t, "17:53:40")
	e.Checks[3] = Check{Number: 4, Due: at(t, "17:55"), Sent: at(t, "17:55"), Delivered: at(t, "17:55")}
	if got := Evaluate(e).ReachedAt; !got.Equal(at(t, "17:53:40")) {
		t.Errorf("reached at %s by the third answer, want 17:53:40", got)
	}
	e.Checks = checks(t, false)
	if got := Evaluate(e).ReachedAt; !got.IsZero() {
		t.Errorf("reached at %s though a check was missed", got)
	}
}

func TestLiveMeter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, now string
		watched   []Interval
		verdict   Verdict
		state     State
		more      int
	}{
		{"at the start", "17:00", nil, VerdictOpen, Missing, 48},
		{"late, still possible", "17:12", nil, VerdictOpen, Missing, 48},
		{"too late", "17:12:01", nil, VerdictFailed, Unmet, 48},
		{"reached", "17:50", []Interval{watched(t, "17:00", "17:50")}, VerdictPassed, Met, 0},
		{"what the log says of the future is not yet true", "17:20", []Interval{watched(t, "17:00", "18:00")}, VerdictOpen, Missing, 28},
		{"lost just now, may come back in time", "17:12:30", []Interval{dropped(t, "17:00", "17:00:05"), dropped(t, "17:12", "17:12:10")}, VerdictOpen, Missing, 48},
	} {
		e := hour(c.watched...)
		e.At = at(t, c.now)
		got := Evaluate(e)
		if m := got.Reasons[0]; got.Verdict != c.verdict || m.State != c.state || m.More != c.more {
			t.Errorf("%s: %s %+v", c.name, got.Verdict, m)
		}
	}
}

func TestWorth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		minutes int
		seen    int
		award   Award
		per     int
		offered Points
		want    Points
	}{
		{"an hour is a point", 60, 60, AwardEvent, 60, 0, 100},
		{"89 minutes are one, rounded down", 89, 89, AwardEvent, 60, 0, 100},
		{"an hour and a half", 90, 90, AwardEvent, 60, 0, 150},
		{"who passes gets all of it", 60, 50, AwardEvent, 60, 0, 100},
		{"by time", 60, 50, AwardTime, 60, 0, 50},
		{"Germany", 90, 90, AwardEvent, 45, 0, 200},
		{"what the agency gives counts", 60, 60, AwardEvent, 60, 125, 125},
		{"by time, not more than the agency gives", 180, 180, AwardTime, 60, 200, 200},
	} {
		e := hour(Interval{Span: Span{From: start, To: start.Add(time.Duration(c.seen) * time.Minute)}})
		e.Programme.Ended = start.Add(time.Duration(c.minutes) * time.Minute)
		e.Rule.Award, e.Rule.MinutesPerPoint, e.Offered = c.award, c.per, c.offered
		if got := Evaluate(e); got.Points != c.want {
			t.Errorf("%s: %s, want %s", c.name, got.Points, c.want)
		}
	}
	e := hour(watched(t, "17:00", "18:00"))
	e.Incidents = []Span{span(t, "17:10", "17:25")}
	if got := Evaluate(e); got.Points != Point || got.LeftOut != 900 {
		t.Errorf("our failure made the event worth %s", got.Points)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	e := hour(dropped(t, "17:00", "17:20"), watched(t, "17:20:40", "18:00"))
	e.Incidents = []Span{span(t, "17:30", "17:31")}
	e.Elsewhere = []Span{span(t, "17:00", "17:02")}
	e.Checks = []Check{{Number: 1, Due: at(t, "17:15")}}
	want := []Reason{
		{Code: Minutes, State: Met, Have: 57, Of: 59, Need: 48},
		{Code: Checks, State: Met},
		{Code: Evaluation, State: Met},
		{Code: Reached},
		{Code: Bridged, Have: 40, Of: 354},
		{Code: Incident, Have: 60},
		{Code: Elsewhere, Have: 120},
		{Code: VoidChecks, Have: 1},
	}
	got := Evaluate(e).Reasons
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("reasons %+v\nwant    %+v", got, want)
		}
	}
	e.Rule.ReconnectPercent = 0
	if endless := Evaluate(e).Reasons[4]; endless != (Reason{Code: Bridged, Have: 40}) {
		t.Errorf("gaps that nothing bounds: %+v", endless)
	}
}

package credit_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// appealed is an hour of which 47 minutes were watched, with one of three checks missed and one answered late.
func appealed() credit.Evidence {
	start := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	rule := credit.Default()
	rule.EvaluationRequired = false
	return credit.Evidence{
		Rule: rule, Programme: credit.Programme{Started: start, Ended: at(60)}, Offered: credit.Point,
		Watched: []credit.Interval{{Span: credit.Span{From: start, To: at(47)}}},
		Checks: []credit.Check{
			{Number: 1, Due: at(10), Sent: at(10), Delivered: at(10), Answered: at(11)},
			{Number: 2, Due: at(25), Sent: at(25), Delivered: at(25)},
			{Number: 3, Due: at(40), Sent: at(40), Delivered: at(40), Answered: at(55)},
		},
	}
}

func TestAppealGivesBackWhatWasOurs(t *testing.T) {
	t.Parallel()
	e := appealed()
	original, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	end := e.Programme.Ended
	for name, c := range map[string]struct {
		amendment credit.Amendment
		watched   credit.Seconds
		checks    credit.Tally
		verdict   credit.Verdict
	}{
		"as it was":              {credit.Amendment{}, 47 * 60, credit.Tally{Answered: 1, Missed: 2}, credit.VerdictFailed},
		"a check alone":          {credit.Amendment{VoidChecks: []int{2}}, 47 * 60, credit.Tally{Answered: 1, Missed: 1, Void: 1}, credit.VerdictFailed},
		"an answered check":      {credit.Amendment{VoidChecks: []int{1}}, 47 * 60, credit.Tally{Answered: 1, Missed: 2}, credit.VerdictFailed},
		"a check that is not":    {credit.Amendment{VoidChecks: []int{9}}, 47 * 60, credit.Tally{Answered: 1, Missed: 2}, credit.VerdictFailed},
		"time and check, passes": {credit.Amendment{VoidChecks: []int{2}, Watched: []credit.Span{{From: end.Add(-13 * time.Minute), To: end}}, Incidents: []credit.Span{{From: end.Add(-21 * time.Minute), To: end.Add(-5 * time.Minute)}}}, 44 * 60, credit.Tally{Answered: 1, Void: 2}, credit.VerdictPassed},
	} {
		got := credit.Evaluate(e.Amended(c.amendment))
		if got.Watched != c.watched || got.Checks != c.checks || got.Verdict != c.verdict {
			t.Errorf("%s: %d s, %+v, %s; want %d s, %+v, %s", name, got.Watched, got.Checks, got.Verdict, c.watched, c.checks, c.verdict)
		}
	}
	after, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(after, original) {
		t.Error("an appeal changed the evidence itself")
	}
}

// Whatever is amended, nobody is credited more than there was to watch.
func TestAppealIsBoundedByTheProgramme(t *testing.T) {
	t.Parallel()
	e := appealed()
	day := credit.Span{From: e.Programme.Started.Add(-12 * time.Hour), To: e.Programme.Ended.Add(12 * time.Hour)}
	got := credit.Evaluate(e.Amended(credit.Amendment{Watched: []credit.Span{day, day}, VoidChecks: []int{2, 3}}))
	if got.Watched != 3600 || got.Points != credit.Point {
		t.Errorf("%d s, %s points of an hour and one point", got.Watched, got.Points)
	}
}

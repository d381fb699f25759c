package credit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// random is evidence of any shape: overlapping, doubled, outside the programme, upside down.
func random(rnd *rand.Rand) Evidence {
	moment := func() time.Time { return start.Add(time.Duration(rnd.IntN(5400)-900) * time.Second) }
	some := func() Span {
		from := moment()
		return Span{From: from, To: from.Add(time.Duration(rnd.IntN(1200)-30) * time.Second)}
	}
	maybe := func(t time.Time) time.Time {
		if rnd.IntN(4) == 0 {
			return time.Time{}
		}
		return t
	}
	e := hour()
	for range rnd.IntN(12) {
		e.Watched = append(e.Watched, Interval{Span: some(), Device: fmt.Sprint(rnd.IntN(3)), Dropped: rnd.IntN(2) == 0})
	}
	for range rnd.IntN(3) {
		e.Incidents = append(e.Incidents, some())
		e.Elsewhere = append(e.Elsewhere, some())
	}
	for range rnd.IntN(4) {
		kind := []Kind{Talk, Break, Sponsor, Lobby}[rnd.IntN(4)]
		e.Programme.Segments = append(e.Programme.Segments, Segment{Span: some(), Kind: kind})
	}
	for range rnd.IntN(6) {
		due := moment()
		e.Checks = append(e.Checks, Check{
			Number: rnd.IntN(4), Due: due, Sent: maybe(due),
			Delivered: maybe(due.Add(time.Second)), Answered: maybe(due.Add(time.Duration(rnd.IntN(120)) * time.Second)),
		})
	}
	if rnd.IntN(2) == 0 {
		e.At = moment()
	}
	if rnd.IntN(3) == 0 {
		e.Rule.Award = AwardTime
	}
	if rnd.IntN(2) == 0 {
		e.Rule.ReconnectGrace, e.Rule.ReconnectPercent = Seconds(rnd.IntN(601)), rnd.IntN(30)
	}
	return e
}

func asBytes(t testing.TB, e Evidence) []byte {
	t.Helper()
	data, err := json.Marshal(Evaluate(e))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// always is what holds for every evidence.
func always(t *testing.T, e Evidence, rnd *rand.Rand) {
	t.Helper()
	got := Evaluate(e)
	before := asBytes(t, e)

	if got.Watched < 0 || got.Watched > got.Creditable || got.Percent < 0 || got.Percent > 100 {
		t.Fatalf("%d of %d s, %d %%", got.Watched, got.Creditable, got.Percent)
	}
	if wall := e.Programme.Ended.Sub(e.Programme.Started); got.Creditable.Duration() > max(0, wall) {
		t.Fatalf("%d s creditable in %s", got.Creditable, wall)
	}
	if got.Verdict != VerdictPassed && got.Points != 0 || got.Points < 0 {
		t.Fatalf("%s but %s points", got.Verdict, got.Points)
	}
	if !e.live() && got.Reasons[0].State == Missing {
		t.Fatal("minutes can still be earned after the end")
	}

	// However many devices: what is credited and was not forgiven is wall time in which one of them played.
	known := e.known()
	played := make([]Span, len(known))
	for i, w := range known {
		played[i] = w.Span
	}
	wall := Union(played...).Clip(e.Programme.Creditable())
	if got.Watched-got.Bridged > seconds(wall.Length())+1 {
		t.Fatalf("%d s credited, %d s of them forgiven, but a device played for %s", got.Watched, got.Bridged, wall.Length())
	}

	// Order does not matter, nor does telling everything twice, nor another zone of the clock.
	shuffled := e
	shuffled.Watched = append(slices.Clone(e.Watched), e.Watched...)
	shuffled.Checks = append(slices.Clone(e.Checks), e.Checks...)
	shuffled.Incidents = append(slices.Clone(e.Incidents), e.Incidents...)
	shuffled.Programme.Segments = append(slices.Clone(e.Programme.Segments), e.Programme.Segments...)
	rnd.Shuffle(len(shuffled.Watched), func(i, k int) {
		w := shuffled.Watched
		w[i], w[k] = w[k], w[i]
		w[i].From, w[k].To = w[i].From.Local(), w[k].To.In(time.FixedZone("", 3600))
	})
	rnd.Shuffle(len(shuffled.Checks), func(i, k int) {
		shuffled.Checks[i], shuffled.Checks[k] = shuffled.Checks[k], shuffled.Checks[i]
	})
	rnd.Shuffle(len(shuffled.Incidents), func(i, k int) {
		shuffled.Incidents[i], shuffled.Incidents[k] = shuffled.Incidents[k], shuffled.Incidents[i]
	})
	if after := asBytes(t, shuffled); !bytes.Equal(before, after) {
		t.Fatalf("another order, other bytes:\n%s\n%s", before, after)
	}

	if most := max(e.Rule.ReconnectGrace, got.Creditable*Seconds(e.Rule.ReconnectPercent)/100+1); e.Rule.ReconnectPercent > 0 && got.Bridged > most {
		t.Fatalf("%d s of gaps forgiven, at most %d s may be", got.Bridged, most)
	}

	// Another device never lowers credit and never adds more than the wall time it played,
	// the graces at its ends included.
	more := e
	extra := random(rnd).Watched
	more.Watched = append(slices.Clone(e.Watched), extra...)
	added := Evaluate(more)
	if added.Watched < got.Watched {
		t.Fatalf("another device lowers credit from %d to %d", got.Watched, added.Watched)
	}
	var most time.Duration
	for _, w := range extra {
		most += w.Length() + 2*e.Rule.ReconnectGrace.Duration()
	}
	for range e.Watched { // a return may forgive older drops too
		most += e.Rule.ReconnectGrace.Duration()
	}
	for _, s := range e.Incidents { // their time is no part of credit, but may lie in a gap
		most += s.Length()
	}
	if (added.Watched - got.Watched).Duration() > most+time.Second {
		t.Fatalf("another device adds %d s", added.Watched-got.Watched)
	}

	// What one webinar credits, another at the same time does not.
	second := more
	second.Elsewhere = got.Spans
	if both := Evaluate(second).Spans.Clip(got.Spans); len(both) > 0 {
		t.Fatalf("credited twice: %v", both)
	}

	// Evidence survives JSON: what is stored computes to the same.
	stored, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var read Evidence
	if err := json.Unmarshal(stored, &read); err != nil {
		t.Fatal(err)
	}
	if again := asBytes(t, read); !bytes.Equal(before, again) {
		t.Fatalf("stored evidence gives other bytes:\n%s\n%s", before, again)
	}
}

func TestAlways(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		always(t, random(rnd), rnd)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for n := range uint64(30) {
		f.Add(n, int(n), int(n)*5, int64(60), 80, 75)
	}
	f.Add(uint64(1), -1, 0, int64(-1), -1, -1)
	f.Fuzz(func(t *testing.T, seed uint64, begin, length int, grace int64, percent, checks int) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		e := random(rnd)
		e.Programme.Started = start.Add(time.Duration(begin%7200) * time.Second)
		e.Programme.Ended = e.Programme.Started.Add(time.Duration(length%(40*86400)) * time.Second)
		e.Rule.ReconnectGrace = Seconds(max(0, grace%601))
		e.Rule.MinPercent = min(100, max(1, percent))
		e.Rule.MinChecksPercent = min(100, max(0, checks))
		always(t, e, rnd)
	})
}

// Whatever the log of a viewer's devices is: written again from the start, twice, or in any order, it gives the same bytes.
func TestReplayedLogGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	events := []Event{Playing, Playing, Playing, Playing, Paused, Stalled, Left, Lost}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		var log []Beat
		for device := range 1 + rnd.IntN(4) {
			name, at := fmt.Sprint(device), time.Duration(rnd.IntN(1800))*time.Second
			log = append(log, beat(name, 0, at, Joined))
			for n := range int64(rnd.IntN(150)) {
				at += time.Duration(rnd.IntN(25_000)) * time.Millisecond
				log = append(log, beat(name, n+1, at, events[rnd.IntN(len(events))]))
			}
		}
		credited := func(log []Beat) []byte {
			intervals, _ := Watch(session(), log)
			return asBytes(t, hour(intervals...))
		}
		want := credited(log)
		twice := slices.Concat(log, log)
		rnd.Shuffle(len(twice), func(i, k int) { twice[i], twice[k] = twice[k], twice[i] })
		for name, other := range map[string][]Beat{"again": log, "twice, in any order": twice} {
			if got := credited(other); !bytes.Equal(got, want) {
				t.Fatalf("seed %d, %s:\n%s\n%s", seed, name, got, want)
			}
		}
	}
}

// Seconds are rounded once, when all is added up: parts of seconds of many short connections are not lost.
func TestPartsOfSecondsAddUp(t *testing.T) {
	t.Parallel()
	var watched []Interval
	for i := range 100 {
		from := start.Add(time.Duration(i) * 30 * time.Second)
		watched = append(watched, Interval{Span: Span{From: from, To: from.Add(1990 * time.Millisecond)}})
	}
	if got := Evaluate(hour(watched...)); got.Watched != 199 || got.Bridged != 0 {
		t.Errorf("%d s of a hundred times 1.99 s", got.Watched)
	}
}

// A live meter never takes back: with the same programme, what is watched only grows, and
// once the rule is reached it stays reached.
func TestMeterNeverTurnsBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		e := random(rand.New(rand.NewPCG(seed, 5)))
		var last Credit
		for second := 0; second <= 3600; second += 97 {
			e.At = start.Add(time.Duration(second) * time.Second)
			now := Evaluate(e)
			if now.Watched < last.Watched {
				t.Fatalf("seed %d: the meter falls from %d to %d", seed, last.Watched, now.Watched)
			}
			if len(last.Reasons) > 0 && last.Reasons[0].State == Met && now.Reasons[0].State != Met {
				t.Fatalf("seed %d: minutes were reached, and are not any more", seed)
			}
			if len(last.Reasons) > 0 && last.Reasons[0].State == Unmet && now.Reasons[0].State != Unmet {
				t.Fatalf("seed %d: minutes were impossible, and are possible again", seed)
			}
			last = now
		}
	}
}

// Three hours, a hundred reconnects, nine checks, two incidents.
func BenchmarkEvaluate(b *testing.B) {
	e := Evidence{Rule: Default(), Programme: Programme{Started: start, Ended: start.Add(3 * time.Hour)}}
	for i := range 100 {
		from := start.Add(time.Duration(i) * 108 * time.Second)
		e.Watched = append(e.Watched, Interval{Span: Span{From: from, To: from.Add(90 * time.Second)}, Dropped: true})
	}
	e.Checks = checks(b, true, true, false, true, true, true, true, true, true)
	e.Incidents = []Span{
		{From: start.Add(time.Hour), To: start.Add(62 * time.Minute)},
		{From: start.Add(2 * time.Hour), To: start.Add(123 * time.Minute)},
	}
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(e)
	}
}

func BenchmarkWatch(b *testing.B) {
	s := session()
	s.Closed = start.Add(3 * time.Hour)
	log := honest("a", 0, 3*time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		Watch(s, log)
	}
}

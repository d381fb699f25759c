package presence

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

var start = time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)

func minutes(from, to int) credit.Span {
	return credit.Span{
		From: start.Add(time.Duration(from) * time.Minute),
		To:   start.Add(time.Duration(to) * time.Minute),
	}
}

func seed(t testing.TB) Seed {
	t.Helper()
	s, err := NewSeed(strings.NewReader(strings.Repeat("rounds..", 4)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An auditor's program in any language must come to these numbers.
func TestKnownAnswer(t *testing.T) {
	t.Parallel()
	s := seed(t)
	if got, want := s.Commitment(), "2cbafce885a305a594aae937639f48a6542b258339a36fe067470203d58bc365"; got != want {
		t.Errorf("commitment %s, want %s", got, want)
	}
	var got []string
	for _, at := range Times(s, "0192f0c1-0000-7000-8000-000000000001", credit.Union(minutes(0, 60)), For(credit.Default())) {
		got = append(got, at.Format("15:04:05.000"))
	}
	if want := "17:03:03.587 17:18:02.563 17:37:03.040"; strings.Join(got, " ") != want {
		t.Errorf("times %s, want %s", got, want)
	}
}

func TestTimesKeepTheirPromises(t *testing.T) {
	t.Parallel()
	s := seed(t)
	p := For(credit.Default())
	programme := credit.Union(minutes(0, 50), minutes(60, 120), minutes(121, 122))
	for i := range 2000 {
		times := Times(s, fmt.Sprint("viewer ", i), programme, p)
		if len(times) != 6 {
			t.Fatalf("viewer %d: %d checks, want 6 in 111 minutes", i, len(times))
		}
		for k, at := range times {
			window := credit.Span{From: at, To: at.Add(p.Window.Duration())}
			if !programme.Covers(window) {
				t.Fatalf("viewer %d: the window of %s leaves the programme", i, at)
			}
			if at.Before(start.Add(3*time.Minute)) || at.After(start.Add(119*time.Minute)) {
				t.Fatalf("viewer %d: %s is at the edge", i, at)
			}
			if k > 0 && at.Sub(times[k-1]) < p.Spacing.Duration() {
				t.Fatalf("viewer %d: %s after %s", i, at, times[k-1])
			}
		}
	}
}

func TestHowMany(t *testing.T) {
	t.Parallel()
	p := For(credit.Default())
	for _, c := range []struct {
		name      string
		programme credit.Spans
		plan      Plan
		want      int
	}{
		{"an hour", credit.Union(minutes(0, 60)), p, 3},
		{"three hours", credit.Union(minutes(0, 180)), p, 9},
		{"ten minutes still ask once", credit.Union(minutes(0, 10)), p, 1},
		{"too short to ask", credit.Union(minutes(0, 5)), p, 0},
		{"nothing creditable", nil, p, 0},
		{"the rule asks for none", credit.Union(minutes(0, 60)), Plan{Window: 75}, 0},
		{"no room for all", credit.Union(minutes(0, 12)), Plan{PerHour: 60, Window: 60, Spacing: 300}, 3},
		{"bounded", credit.Union(minutes(0, 60*24*30)), p, maxChecks},
	} {
		if got := len(Times(seed(t), "viewer", c.programme, c.plan)); got != c.want {
			t.Errorf("%s: %d checks, want %d", c.name, got, c.want)
		}
	}
}

// Unpredictable: another seed, viewer or number moves the time, as a coin would.
func TestNothingIsShared(t *testing.T) {
	t.Parallel()
	s := seed(t)
	other := s
	other[31] ^= 1
	hour := credit.Union(minutes(0, 60))
	p := For(credit.Default())
	all := map[time.Time]int{}
	for i := range 500 {
		name := fmt.Sprint("viewer ", i)
		if slices.EqualFunc(Times(s, name, hour, p), Times(other, name, hour, p), time.Time.Equal) {
			t.Errorf("%s: one bit of the seed changes nothing", name)
		}
		for _, at := range Times(s, name, hour, p) {
			all[at]++
		}
	}
	if len(all) < 1490 {
		t.Errorf("1500 checks of 500 viewers fall on %d moments only", len(all))
	}
	if s.draw("1viewer", 1, math.MaxInt64) == s.draw("viewer", 11, math.MaxInt64) {
		t.Error("number and name run into each other")
	}
}

// A single check is uniform over its room: chi-square over 20 bins, 19 degrees of freedom,
// 43.8 is the 0.1 % point. The seed is fixed, so the test cannot flake.
func TestSingleCheckIsUniform(t *testing.T) {
	t.Parallel()
	const bins, draws = 20, 20_000
	s := seed(t)
	p := Plan{PerHour: 1}
	hour := credit.Union(minutes(0, 60))
	var count [bins]int
	for i := range draws {
		at := Times(s, fmt.Sprint(i), hour, p)[0]
		count[int(at.Sub(start)*bins/time.Hour)]++
	}
	if x := chiSquare(count[:], draws/bins); x > 43.8 {
		t.Errorf("chi-square %.1f over %v", x, count)
	}
}

// With spacing, what is left after taking it out is uniform too: so the time passed since the
// last check tells a viewer nothing about the next.
func TestSpacedChecksAreUniform(t *testing.T) {
	t.Parallel()
	const bins, viewers = 20, 10_000
	s := seed(t)
	p := Plan{PerHour: 3, Spacing: 300}
	hour := credit.Union(minutes(0, 60))
	var count [bins]int
	for i := range viewers {
		for k, at := range Times(s, fmt.Sprint(i), hour, p) {
			offset := at.Sub(start) - time.Duration(k)*5*time.Minute
			count[int(offset*bins/(50*time.Minute))]++
		}
	}
	if x := chiSquare(count[:], 3*viewers/bins); x > 43.8 {
		t.Errorf("chi-square %.1f over %v", x, count)
	}
}

func chiSquare(count []int, want float64) float64 {
	var x float64
	for _, c := range count {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	return x
}

func TestCommitment(t *testing.T) {
	t.Parallel()
	s := seed(t)
	published, err := ParseSeed(s.Reveal())
	if err != nil || published != s || !published.Matches(s.Commitment()) {
		t.Errorf("the published seed does not prove itself: %v", err)
	}
	forged := s
	forged[0] ^= 1
	if forged.Matches(s.Commitment()) {
		t.Error("another seed matches the commitment")
	}
	if text := fmt.Sprintf("%v %+v %#v %s", s, s, s, s); strings.Contains(text, s.Reveal()) || strings.Contains(text, "114") {
		t.Errorf("printing gives the seed away: %s", text)
	}
	for _, bad := range []string{"", "zz", strings.Repeat("00", 31), strings.Repeat("00", 33)} {
		if _, err := ParseSeed(bad); err == nil {
			t.Errorf("ParseSeed(%q) is accepted", bad)
		}
	}
	if _, err := NewSeed(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("a short source of randomness is accepted")
	}
}

func FuzzTimes(f *testing.F) {
	f.Add("viewer", 3, int64(75), int64(300), int64(180), 60, 70)
	f.Add("", -1, int64(-1), int64(-1), int64(-1), 0, 0)
	f.Add("x", 1<<30, int64(1), int64(0), int64(0), 1, 2)
	f.Fuzz(func(t *testing.T, viewer string, perHour int, window, spacing, edge int64, a, b int) {
		const day = 24 * 60
		programme := credit.Union(minutes(0, a%day), minutes(b%day, day))
		p := Plan{
			PerHour: perHour % 1000, Window: credit.Seconds(max(0, window%3600)),
			Spacing: credit.Seconds(spacing % 3600), Edge: credit.Seconds(max(0, edge%3600)),
		}
		times := Times(seed(t), viewer, programme, p)
		for i, at := range times {
			if !programme.Covers(credit.Span{From: at, To: at.Add(p.Window.Duration())}) {
				t.Fatalf("%s leaves the programme", at)
			}
			if i > 0 && at.Sub(times[i-1]) < p.Spacing.Duration() {
				t.Fatalf("%s is too close", at)
			}
		}
	})
}

func BenchmarkTimes(b *testing.B) {
	s, programme, p := seed(b), credit.Union(minutes(0, 180)), For(credit.Default())
	for b.Loop() {
		Times(s, "0192f0c1-0000-7000-8000-000000000001", programme, p)
	}
}

package credit

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestPointsText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Points{
		"0": 0, "8": 800, "1.5": 150, "0.25": 25, "0.1": 10, "-0.25": -25, "1.50": 150, "1.500000": 150, "1000000": maxPoints,
	} {
		if got, err := ParsePoints(text); err != nil || got != want {
			t.Errorf("ParsePoints(%q) = %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "-", ".", "1.", ".5", "1.005", "1e3", "+1", "1,5", " 1", "--1", "1.-5", "1000000.01", "99999999999999999999", "NaN"} {
		if got, err := ParsePoints(bad); !errors.Is(err, ErrPoints) {
			t.Errorf("ParsePoints(%q) = %s, %v; want it refused", bad, got, err)
		}
	}
	for p, want := range map[Points]string{0: "0", 800: "8", 150: "1.5", 25: "0.25", 5: "0.05", -25: "-0.25", -800: "-8", 1000: "10", math.MinInt64: "-92233720368547758.08"} {
		if got := p.String(); got != want {
			t.Errorf("%d prints as %q, want %q", int64(p), got, want)
		}
	}
}

func TestPointsJSONAndDatabase(t *testing.T) {
	t.Parallel()
	var p Points
	for _, text := range []string{`1.5`, `"1.5"`} {
		if err := json.Unmarshal([]byte(text), &p); err != nil || p != 150 {
			t.Errorf("%s reads as %s, %v", text, p, err)
		}
	}
	if data, err := json.Marshal(Points(150)); err != nil || string(data) != "1.5" {
		t.Errorf("1.5 is written as %s, %v", data, err)
	}
	for _, src := range []any{"2.50", []byte("2.50")} {
		if err := p.Scan(src); err != nil || p != 250 {
			t.Errorf("scan %v: %s, %v", src, p, err)
		}
	}
	if err := p.Scan(int64(3)); err != nil || p != 300 {
		t.Errorf("scan 3: %s, %v", p, err)
	}
	for _, src := range []any{1.5, nil, "x"} {
		if err := p.Scan(src); err == nil {
			t.Errorf("scan %v is accepted", src)
		}
	}
	if v, err := Points(25).Value(); err != nil || v != "0.25" {
		t.Errorf("value %v, %v", v, err)
	}
}

func TestForTimeAndCap(t *testing.T) {
	t.Parallel()
	quarter := Default()
	quarter.CreditStep = Point / 4
	for _, c := range []struct {
		d    time.Duration
		rule Rule
		want Points
	}{
		{time.Hour, Default(), 100},
		{time.Hour - 1, Default(), 50},
		{45 * time.Minute, quarter, 75},
		{-time.Hour, Default(), 0},
		{time.Hour, Rule{}, 0},
		{math.MaxInt64, Default(), 256204750},
	} {
		if got := ForTime(c.d, c.rule); got != c.want {
			t.Errorf("%s is worth %s, want %s", c.d, got, c.want)
		}
	}
	for _, c := range []struct{ amount, already, limit, want Points }{
		{200, 0, 800, 200}, {200, 700, 800, 100}, {200, 800, 800, 0}, {200, 900, 800, 0}, {200, 900, 0, 200},
	} {
		if got := CapDay(c.amount, c.already, c.limit); got != c.want {
			t.Errorf("CapDay(%s, %s, %s) = %s, want %s", c.amount, c.already, c.limit, got, c.want)
		}
	}
}

func FuzzParsePoints(f *testing.F) {
	for _, text := range []string{"1.5", "-0.25", "", "1e9", "0.000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePoints(text)
		if err != nil {
			return
		}
		if again, err := ParsePoints(p.String()); err != nil || again != p {
			t.Fatalf("%q → %s → %s, %v", text, p, again, err)
		}
	})
}

func TestRuleJSON(t *testing.T) {
	t.Parallel()
	const want = `{"version":1,"min_percent":80,"min_checks_percent":75,"checks_per_hour":3,"check_window":75,` +
		`"reconnect_grace":60,"reconnect_percent":10,"evaluation_required":true,"quiz_pass_percent":70,"award":"event",` +
		`"minutes_per_point":60,"credit_step":0.5,"daily_cap":8}`
	data, err := json.Marshal(Default())
	if err != nil || string(data) != want {
		t.Errorf("the default rule is %s, %v", data, err)
	}
	if r, err := ParseRule([]byte(want)); err != nil || r != Default() {
		t.Errorf("parsed as %+v, %v", r, err)
	}
	if r, err := ParseRule([]byte(`{"min_percent":90}`)); err != nil || r.MinPercent != 90 || r.CheckWindow != 75 {
		t.Errorf("the rest has defaults: %+v, %v", r, err)
	}
	for _, bad := range []string{
		``, `[]`, `{"min_percnt":1}`, `{"min_percent":0}`, `{"min_percent":101}`, `{"check_window":1}`, `{"award":"luck"}`,
		`{"credit_step":0}`, `{"credit_step":0.001}`, `{"minutes_per_point":0}`, `{"daily_cap":-1}`, `{"reconnect_grace":100000}`,
	} {
		if r, err := ParseRule([]byte(bad)); err == nil {
			t.Errorf("%s is accepted as %+v", bad, r)
		}
	}
	if f := (Rule{}).Faults(); len(f) == 0 || f[0].Field != "version" || !strings.Contains(f[0].Error(), "1 to 1000000") {
		t.Errorf("an empty rule: %v", f)
	}
}

package part

import (
	"strings"
	"testing"
)

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Ana Kovač": "AK", "žiga": "Ž", "dr. Marko Novak Zupan": "DZ", "": "?", "  ": "?"} {
		if got := Initials(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestQueryKeepsFilters(t *testing.T) {
	t.Parallel()
	if got := Query("/articles?kind=news&page=2", "page", "3"); got != "/articles?kind=news&page=3" {
		t.Error(got)
	}
	if got := Query("/articles?kind=news&page=2", "kind", "", "page", ""); got != "/articles" {
		t.Error(got)
	}
}

func TestZonesKeepAnUnusualOne(t *testing.T) {
	t.Parallel()
	if first := Zones("Asia/Kathmandu")[0]; first.Value != "Asia/Kathmandu" {
		t.Errorf("first is %+v", first)
	}
}

func TestChartAxis(t *testing.T) {
	t.Parallel()
	for largest, want := range map[float64]float64{0: 1, 0.7: 1, 14: 20, 142: 200, 380: 400, 400: 400, 999: 1000} {
		c := Chart{Labels: []string{"a"}, Series: []Series{{Values: []float64{largest}}}}
		if got := c.top(); got != want {
			t.Errorf("up to %v the axis ends at %v, want %v", largest, got, want)
		}
	}
	empty := Chart{Series: []Series{{}}}
	if strings.Contains(empty.path(empty.Series[0]), "NaN") || len(empty.marks()) != 0 {
		t.Error("an empty chart draws nothing")
	}
}

func TestChartThinsItsLabels(t *testing.T) {
	t.Parallel()
	c := Chart{Labels: strings.Split(strings.Repeat("x ", 90), " ")}
	if n := len(c.marks()); n > 10 {
		t.Errorf("%d labels below the axis", n)
	}
}

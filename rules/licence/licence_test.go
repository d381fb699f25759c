package licence_test

import (
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/rules/licence"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country, number string
		want            bool
	}{
		{"SI", "12345", true},
		{"SI", "123", false},
		{"SI", "12a45", false},
		{"SI", "", false},
		{"SI", "१२३४५", false},
		{"GB", "7012345", true},
		{"GB", "GMC7012345", false},
		{"DE", "802760100000005", false},
		{"DE", "123456789012347", luhn("123456789012347")},
		{"DE", "12345", false},
		{"IT", "RM-12345", true},
		{"IT", "RM", false},
		{"IT", "1'; DROP TABLE", false},
		{"FR", strings.Repeat("1", 21), false},
		{"", "123", true},
	} {
		if got := licence.Number(c.country, c.number); got != c.want {
			t.Errorf("Number(%q, %q) = %v", c.country, c.number, got)
		}
	}
}

// TestGermanCheckDigit finds every slip of one finger.
func TestGermanCheckDigit(t *testing.T) {
	t.Parallel()
	valid := ""
	for d := '0'; d <= '9'; d++ {
		if n := "80276010000000" + string(d); licence.Number("DE", n) {
			valid += n
		}
	}
	if len(valid) != 15 {
		t.Fatalf("of ten check digits not exactly one fits: %q", valid)
	}
	for i := range valid {
		for d := byte('0'); d <= '9'; d++ {
			wrong := valid[:i] + string(d) + valid[i+1:]
			if wrong != valid && licence.Number("DE", wrong) {
				t.Errorf("%s passes for %s", wrong, valid)
			}
		}
	}
}

func luhn(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		d := int(s[i] - '0')
		if double {
			d = d*2/10 + d*2%10
		}
		sum, double = sum+d, !double
	}
	return sum%10 == 0
}

func TestLists(t *testing.T) {
	t.Parallel()
	if !licence.Country("SI") || licence.Country("si") || !licence.Profession("nurse") || licence.Profession("king") || !licence.Speciality("cardiology") || licence.Speciality("") {
		t.Error("a list does not know its own")
	}
}

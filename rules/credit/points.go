package credit

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Points is an amount of credit in hundredths of a point: 1.5 points are Points(150).
//
// A float is no place for something a licence hangs on: 0.1 (a Slovenian e-learning question)
// has no exact binary form, so ten of them would not make one, sums would depend on their
// order, and two services could round a half differently. Hundredths hold every step in use
// (0.1, 0.25, 0.5), match the database's numeric(…,2), and add up exactly in any order.
type Points int64

// Point is one whole point.
const Point Points = 100

// maxPoints keeps sums of bookings far from overflow; no licence asks for a million points.
const maxPoints = 1_000_000 * Point

// ErrPoints is returned for text that is not an amount with at most two decimals.
var ErrPoints = errors.New("points: want a decimal number with at most two decimals")

// ParsePoints reads "1.5", "-0.25" or "8". It refuses what it would have to round.
func ParsePoints(text string) (Points, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, part, dotted := strings.Cut(digits, ".")
	// The database pads numeric columns with zeros; beyond two decimals only zeros are exact.
	if len(part) > 2 && strings.Trim(part[2:], "0") == "" {
		part = part[:2]
	}
	if len(part) > 2 || dotted && part == "" {
		return 0, fmt.Errorf("%w: %q", ErrPoints, text)
	}
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", 2-len(part)), 10, 63)
	if err != nil || whole == "" || n > uint64(maxPoints) {
		return 0, fmt.Errorf("%w: %q", ErrPoints, text)
	}
	if negative {
		return -Points(n), nil
	}
	return Points(n), nil
}

// String writes the shortest exact form with a dot: "1.5", "8", "-0.25". Pages that show
// points to people put the reader's decimal sign in its place.
func (p Points) String() string {
	sign, n := "", uint64(p)
	if p < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%02d", sign, n/uint64(Point), n%uint64(Point))
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes a JSON number.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a JSON number, or the same number as a string.
func (p *Points) UnmarshalJSON(data []byte) error {
	n, err := ParsePoints(string(bytes.Trim(data, `"`)))
	if err != nil {
		return err
	}
	*p = n
	return nil
}

// Value writes a numeric column exactly.
func (p Points) Value() (driver.Value, error) { return p.String(), nil }

// Scan reads a numeric column exactly; a float is refused, because it has already rounded.
func (p *Points) Scan(src any) error {
	switch v := src.(type) {
	case string:
		n, err := ParsePoints(v)
		*p = n
		return err
	case []byte:
		return p.Scan(string(v))
	case int64:
		return p.Scan(strconv.FormatInt(v, 10))
	default:
		return fmt.Errorf("%w: from %T", ErrPoints, src)
	}
}

// Floor rounds a positive amount down to a multiple of step.
func (p Points) Floor(step Points) Points {
	if step <= 0 {
		return p
	}
	return p - p%step
}

// ForTime is what d is worth at the rule's minutes per point, rounded down to its step.
func ForTime(d time.Duration, r Rule) Points {
	if r.MinutesPerPoint <= 0 || d <= 0 {
		return 0
	}
	minute := int64(time.Minute)
	whole, rest := int64(d)/minute, int64(d)%minute
	per := int64(r.MinutesPerPoint)
	// Minutes and the rest apart, so that no product can overflow.
	hundredths := whole / per * int64(Point)
	hundredths += (whole%per*minute + rest) * int64(Point) / (per * minute)
	return Points(hundredths).Floor(r.CreditStep)
}

// CapDay is how much of an amount may still be booked on a day on which already was: never
// more than the cap in sum, never less than nothing. A cap of zero means there is none. Which
// day it is, is a question of the chamber's zone and answered by the caller.
func CapDay(amount, already, limit Points) Points {
	if limit <= 0 {
		return amount
	}
	return max(0, min(amount, limit-already))
}

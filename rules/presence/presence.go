// Package presence computes when each viewer of a webinar is asked "are you there?" ([Times]), and follows each check from
// being sent to its end ([Asking]).
//
// The times must be unpredictable for the viewer, even for one who has watched many webinars
// and talks to the person beside; and they must be provable afterwards, so that nobody can say
// a check was timed to fail somebody. Both come from one secret:
//
//	go-live:  seed = 32 random bytes      stored secretly; [Seed.Commitment] stored and shown
//	live:     [Times](seed, viewer, …)    HMAC-SHA256 per viewer and number
//	ended:    seed published              anybody checks the commitment and recomputes all times
//
// A plan is fixed with the webinar at go-live: programme, rule and seed. What the host changes
// later (a break, an early end) moves no time, because moved times could not be proved; a
// check that falls into it is void (package credit decides that).
//
// # Distribution
//
// The times of one viewer are uniform over all sets of n times that keep the minimal spacing:
// n numbers are drawn from the free time that remains when n−1 spacings are taken out, sorted,
// and the spacings are put back between them. So the time since the last check tells nothing
// but that the spacing has passed. Times are whole milliseconds, computed with integers only,
// so that every machine and language gets the same.
package presence

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Seed is the secret of one webinar. It is drawn anew for each, so the webinar's id is no part
// of the computation.
type Seed [sha256.Size]byte

// NewSeed draws a seed; random must be cryptographic.
func NewSeed(random io.Reader) (Seed, error) {
	var s Seed
	if _, err := io.ReadFull(random, s[:]); err != nil {
		return Seed{}, fmt.Errorf("draw presence seed: %w", err)
	}
	return s, nil
}

// ParseSeed reads a published seed, 64 hexadecimal digits.
func ParseSeed(text string) (Seed, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(Seed{}) {
		return Seed{}, fmt.Errorf("parse presence seed: want %d hexadecimal digits", 2*len(Seed{}))
	}
	return Seed(raw), nil
}

// Reveal is the text that is published after the end.
func (s Seed) Reveal() string { return hex.EncodeToString(s[:]) }

// String hides the seed, so that no log line can give the times away.
func (s Seed) String() string { return "presence.Seed(secret)" }

// GoString hides the seed from %#v too.
func (s Seed) GoString() string { return s.String() }

// Commitment is the hash that is stored and shown before the first check is due. The label
// keeps it apart from any other use of the seed.
func (s Seed) Commitment() string {
	sum := sha256.Sum256(append([]byte("rounds/presence/commitment/1:"), s[:]...))
	return hex.EncodeToString(sum[:])
}

// Matches says whether the seed is the one that was committed to.
func (s Seed) Matches(commitment string) bool {
	return subtle.ConstantTimeCompare([]byte(s.Commitment()), []byte(commitment)) == 1
}

// Plan is how often and where viewers are asked.
type Plan struct {
	PerHour int            `json:"per_hour"` // of creditable time, rounded, at least one in all
	Window  credit.Seconds `json:"window"`   // to answer; a check keeps it inside its segment
	Spacing credit.Seconds `json:"spacing"`  // least time between two checks, if there is room
	Edge    credit.Seconds `json:"edge"`     // none in the first and last part of the programme
}

// maxChecks bounds the work for a programme of any length.
const maxChecks = 500

// For is the plan that a rule asks for: nobody is asked in the first and last three minutes,
// when people still arrive or already leave, nor again within five minutes.
func For(r credit.Rule) Plan {
	return Plan{PerHour: r.ChecksPerHour, Window: r.CheckWindow, Spacing: 5 * 60, Edge: 3 * 60}
}

// PlannedEnd is the end that the times are computed with: that of the plan; a webinar that began after it lasts as long as it was
// planned to.
func PlannedEnd(planned, opened time.Time, length time.Duration) time.Time {
	if end := planned.Add(length); end.After(opened) {
		return end
	}
	return opened.Add(length)
}

// Times is when the viewer is asked, in order; check number i+1 is due at Times[i]. The
// creditable programme is that of go-live, from the real start to the planned end.
func Times(s Seed, viewer string, creditable credit.Spans, p Plan) []time.Time {
	room := p.room(creditable)
	free := room.Length().Milliseconds()
	n := p.count(creditable.Length())
	spacing := max(0, p.Spacing.Duration().Milliseconds())
	if free <= 0 || n == 0 {
		return nil
	}
	if spacing > 0 { // a programme cut to pieces may not have room for all
		n = int(min(int64(n), (free-1)/spacing+1))
	}
	free -= int64(n-1) * spacing

	offsets := make([]int64, n)
	for i := range offsets {
		offsets[i] = s.draw(viewer, i+1, free)
	}
	slices.Sort(offsets)
	times := make([]time.Time, n)
	for i, o := range offsets {
		times[i] = at(room, time.Duration(o+int64(i)*spacing)*time.Millisecond)
	}
	return times
}

// count is the number of checks that so much creditable time asks for.
func (p Plan) count(creditable time.Duration) int {
	if p.PerHour <= 0 || creditable <= 0 {
		return 0
	}
	wanted := (creditable*time.Duration(p.PerHour) + time.Hour/2) / time.Hour
	return int(min(max(1, wanted), maxChecks))
}

// room is where a check may begin: within the creditable programme, away from its edges, and
// early enough in each segment that the answer is not cut off by a break.
func (p Plan) room(creditable credit.Spans) credit.Spans {
	if len(creditable) == 0 {
		return nil
	}
	edge := p.Edge.Duration()
	inner := credit.Union(credit.Span{
		From: creditable[0].From.Add(edge),
		To:   creditable[len(creditable)-1].To.Add(-edge),
	})
	var starts []credit.Span
	for _, s := range creditable {
		starts = append(starts, credit.Span{From: s.From, To: s.To.Add(-p.Window.Duration())})
	}
	return credit.Union(starts...).Clip(inner)
}

// draw is a number in [0, below), uniform but for a share of below/2⁶⁴. The viewer's name
// goes last, so that no two pairs of viewer and number make the same message.
func (s Seed) draw(viewer string, number int, below int64) int64 {
	mac := hmac.New(sha256.New, s[:])
	mac.Write([]byte("rounds/presence/time/1:"))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(number)))
	mac.Write([]byte(viewer))
	high, _ := bits.Mul64(binary.BigEndian.Uint64(mac.Sum(nil)), uint64(below))
	return int64(high)
}

// at walks the room to the moment at which so much of it has passed.
func at(room credit.Spans, passed time.Duration) time.Time {
	for _, s := range room {
		if passed < s.Length() {
			return s.From.Add(passed)
		}
		passed -= s.Length()
	}
	return room[len(room)-1].To
}

package livewebinar

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/web"
)

// limits are how often an account may do what others have to read or to be told. They stand above what a person does, and
// far below what a script does.
type limits struct {
	ask, vote, react, hand, edit, poll, state, act, beat, join, leave, history limit
}

type limit struct{ *web.Limiter }

func newLimits(now func() time.Time) limits {
	every := func(d time.Duration, burst int) limit {
		return limit{web.NewLimiter(web.Rate{Every: d, Burst: burst}, now)}
	}
	return limits{
		ask: every(10*time.Second, 5), vote: every(500*time.Millisecond, 30), react: every(500*time.Millisecond, 30),
		hand: every(2*time.Second, 6), edit: every(2*time.Second, 10), poll: every(time.Second, 20),
		state: every(time.Second, 30), act: every(200*time.Millisecond, 50),
		// Every change of a player may be one more interval in the evidence. As many connections as an account may have beat more
		// slowly than this.
		beat: every(500*time.Millisecond, 100), join: every(time.Second, 40), leave: every(time.Second, 40), history: every(250*time.Millisecond, 40),
	}
}

func (l limit) take(account uuid.UUID) error {
	if err := l.Take(account.String()); err != nil {
		return errs.Wrap(err, errs.TooMany, "room.too_fast", "You are doing this very often. Please wait a moment.")
	}
	return nil
}

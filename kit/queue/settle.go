package queue

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Outcome is what is to become of a delivery; drivers carry it out.
type Outcome struct {
	Wait   time.Duration // retry after
	Reason string        // why it failed; empty: it is done
	Dead   bool          // a dead letter, not a retry
}

// Settle tells a driver what to do with a delivery after the handler answered err.
func (o Options) Settle(d *Delivery, err error) Outcome {
	switch {
	case d.verdict == bury:
		return Outcome{Dead: true, Reason: reasonOf(d.reason)}
	case d.verdict == retry:
		err = d.reason
	case err == nil:
		return Outcome{}
	}
	if d.Attempt >= o.MaxAttempts {
		return Outcome{Dead: true, Reason: fmt.Sprintf("gave up after %d attempts: %s", d.Attempt, reasonOf(err))}
	}
	return Outcome{Reason: reasonOf(err), Wait: o.Backoff(d.ID, d.Attempt)}
}

var errUnknown = errors.New("no reason given")

// reasonOf is bounded and clean text, since it is stored with the message.
func reasonOf(err error) string {
	if err == nil {
		err = errUnknown
	}
	const most = 1000
	text := err.Error()
	text = strings.ToValidUTF8(strings.ReplaceAll(text[:min(len(text), most)], "\x00", ""), "")
	if text == "" {
		return errUnknown.Error()
	}
	return text
}

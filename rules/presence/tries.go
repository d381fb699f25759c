package presence

import (
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Try is a connection that certainly had a check which was not yet delivered: it was handed over with the answer to entering, and the
// connection beat after that.
type Try struct {
	Given  time.Time `json:"given"`
	Beaten time.Time `json:"beaten"` // the last beat that was counted
}

// Tries are all of a check, by the name of the connection. A connection lives in one instance, which alone writes its try; so those of
// several instances are put together without a conflict, and what follows from them is the same for whoever has read them.
type Tries map[string]Try

// triesEnough is how many connections must have had a check for certain, however short, for it to be delivered.
const triesEnough = 3

// Proven is when a check was delivered by what connections prove that are gone: together they had it for as long as the proof, or there
// were enough of them.
func (t Tries) Proven(proof time.Duration) (at time.Time, proven bool) {
	var had time.Duration
	for _, try := range t {
		had += try.Beaten.Sub(try.Given)
		if try.Beaten.After(at) {
			at = try.Beaten
		}
	}
	return at, len(t) >= triesEnough || len(t) > 0 && had >= proof
}

// Judge is the check with what its tries prove.
func (t Tries) Judge(c credit.Check, proof time.Duration) credit.Check {
	if at, proven := t.Proven(proof); proven && !c.Sent.IsZero() {
		c.Delivered = first(c.Delivered, at)
	}
	return c
}

// add takes what is known of tries, wherever from.
func (t Tries) add(more Tries) {
	for stream, try := range more {
		if known, found := t[stream]; !found || try.Beaten.After(known.Beaten) {
			t[stream] = try
		}
	}
}

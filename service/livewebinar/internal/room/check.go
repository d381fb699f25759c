package room

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// Asked is a check that waits for an answer.
type Asked = presence.Asked

// Send is a check that becomes due: it goes to all connections of the account.
type Send struct {
	Account uuid.UUID
	Asked
}

// Settled is a check that was missed: delivered, and its window is over without an answer.
type Settled struct {
	Person Person
	Number int
}

// Ticked is what the time that passed led to.
type Ticked struct {
	Send    []Send
	Rows    []CheckRow // for the database
	Settled []Settled
	Viewers int
	Changed bool // the number of viewers is another than the one told last
}

// Tick is called once a second.
func (r *Room) Tick(now time.Time) Ticked {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t Ticked
	if !r.closed.IsZero() {
		return t
	}
	for _, v := range r.viewers {
		if v.asking == nil {
			continue // never here
		}
		turn := v.asking.Tick(now)
		for _, asked := range turn.Send {
			t.Send = append(t.Send, Send{Account: v.person.Account, Asked: asked})
		}
		t.Rows = append(t.Rows, r.rows(v, turn.Changed)...)
		for _, number := range turn.Missed {
			t.Settled = append(t.Settled, Settled{Person: v.person, Number: number})
		}
	}
	t.Viewers, t.Changed = r.present, r.present != r.said
	r.said = r.present
	return t
}

// CheckRow is a check of a viewer as it is to be written down, with the tries of the connections here; or as it was written down, with
// all.
type CheckRow struct {
	credit.Check
	Webinar, Account uuid.UUID
	Tries            presence.Tries
}

func (r *Room) rows(v *viewer, numbers []int) []CheckRow {
	var rows []CheckRow
	for _, number := range numbers {
		rows = append(rows, r.row(v, number))
	}
	return rows
}

func (r *Room) row(v *viewer, number int) CheckRow {
	return CheckRow{Check: v.asking.Check(number), Webinar: r.Webinar, Account: v.person.Account, Tries: v.asking.Tries(number)}
}

// Delivered notes that a device shows the check. The window begins with the first one.
func (r *Room) Delivered(now time.Time, account uuid.UUID, stream string, number int) (*CheckRow, *Asked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.asked(account, stream)
	if v == nil {
		return nil, nil
	}
	open, news := v.asking.Shown(now, stream, number)
	if !news {
		return nil, open
	}
	row := r.row(v, number)
	return &row, open
}

// Answer is what an answer led to.
type Answer struct {
	presence.Answer

	Row    CheckRow
	Credit credit.Credit
}

// Answer takes the answer to a check; false when no such check was sent.
func (r *Room) Answer(now time.Time, account uuid.UUID, stream string, number int) (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.asked(account, stream)
	if v == nil {
		return Answer{}, false
	}
	led, sent := v.asking.Answer(now, stream, number)
	if !sent {
		return Answer{}, false
	}
	return Answer{Answer: led, Row: r.row(v, number), Credit: r.credit(now, v)}, true
}

// asked is the viewer who has this stream in the open room.
func (r *Room) asked(account uuid.UUID, stream string) *viewer {
	v := r.viewers[account]
	if v == nil || v.streams[stream] == nil || !r.closed.IsZero() {
		return nil
	}
	return v
}

package room

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// far is a stream on another instance.
type far struct {
	instance uuid.UUID
	event    credit.Event
	at       time.Time
}

// Far is a line of the watch log that another instance wrote.
type Far struct {
	credit.Beat

	Account, Instance uuid.UUID
	Clean             bool // as in Beat
}

// recentKept is how long what was heard from elsewhere is kept for a past that is being read. Reading it takes less.
const recentKept = 30 * time.Second

// Departed is a stream of this instance whose page told another one that it goes.
type Departed struct {
	Person

	Stream string
}

// Feed takes what was written elsewhere, in the order in which it came. Fed twice, it changes nothing.
func (r *Room) Feed(now time.Time, lines []Far) []Departed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed.IsZero() {
		return nil
	}
	var gone []Departed
	for _, line := range lines {
		v := r.viewer(line.Account)
		switch ours := v.streams[line.Stream] != nil; {
		case !ours:
			r.feed(now, v, line)
		case line.Event == credit.Left: // of one of ours, this alone may have been said elsewhere
			v.heard(now, line.Beat)
			r.drop(v, line.Stream)
			v.part(line.At, line.Stream)
			gone = append(gone, Departed{Person: v.person, Stream: line.Stream})
		}
	}
	return gone
}

func (r *Room) feed(now time.Time, v *viewer, line Far) {
	v.heard(now, line.Beat)
	if line.Event == credit.Left && v.lostBy == line.Stream {
		v.part(line.At, line.Stream)
	}
	f := v.far[line.Stream]
	switch {
	case v.ended[line.Stream], f != nil && (line.At.Before(f.at) || line.At.Equal(f.at) && line.Event != credit.Left && line.Event != credit.Lost):
		return
	case line.Event == credit.Left, line.Event == credit.Lost:
		v.end(line.Stream)
		r.change(v, func() { delete(v.far, line.Stream) })
		switch {
		case line.Event == credit.Left || line.Clean:
			v.part(line.At, line.Stream)
		case f != nil && !v.in():
			v.lose(line.At, line.Stream)
		}
	case f == nil:
		r.change(v, func() { v.far[line.Stream] = &far{instance: line.Instance, event: line.Event, at: line.At} })
		if line.Event == credit.Joined {
			v.back = later(v.back, line.At)
		}
	default:
		f.event, f.at = line.Event, line.At
	}
}

// heard folds a beat into the meter, or keeps it until the past is known.
func (v *viewer) heard(now time.Time, b credit.Beat) {
	if v.tracker != nil {
		v.follow([]credit.Beat{b})
	}
	v.recent = slices.DeleteFunc(v.recent, func(old credit.Beat) bool { return now.Sub(old.At) > recentKept })
	if !slices.ContainsFunc(v.recent, func(known credit.Beat) bool {
		return known.Stream == b.Stream && known.Sequence == b.Sequence && known.Event == b.Event && known.At.Equal(b.At)
	}) {
		v.recent = append(v.recent, b)
	}
}

// Depart takes out a stream that another instance holds and whose page said here that it goes; nil when it is not in the room. The
// other instance finds the beat in the log.
func (r *Room) Depart(now time.Time, account uuid.UUID, b credit.Beat) *Beat {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.viewers[account]
	if v != nil && v.lostBy == b.Stream {
		v.part(now, b.Stream)
	}
	if v == nil || v.far[b.Stream] == nil || !r.closed.IsZero() {
		return nil
	}
	b.Viewer, b.At = account.String(), now
	v.heard(now, b)
	v.end(b.Stream)
	r.change(v, func() { delete(v.far, b.Stream) })
	v.part(now, b.Stream)
	return &Beat{Beat: b, Webinar: r.Webinar, Account: account}
}

// endedKept is how many streams of a viewer are remembered as ended.
const endedKept = 50

func (v *viewer) end(stream string) {
	if len(v.ended) >= endedKept {
		clear(v.ended)
	}
	if v.ended == nil {
		v.ended = map[string]bool{}
	}
	v.ended[stream] = true
}

// strange is how long a stream may be silent whose instance is not known: it may have begun a moment ago.
const strange = time.Minute

// Keep takes out the streams of instances that are not among the living. Dead are those that ended without a goodbye, and
// since when they were silent; who was connected to them lost the connection then, through no doing of their own.
func (r *Room) Keep(now time.Time, living []uuid.UUID, dead map[uuid.UUID]time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed.IsZero() {
		return
	}
	for _, v := range r.viewers {
		for stream, f := range v.far {
			since, died := dead[f.instance]
			if slices.Contains(living, f.instance) || !died && now.Sub(f.at) < strange {
				continue
			}
			r.change(v, func() { delete(v.far, stream) })
			if died {
				v.lose(since, stream)
				v.ours = v.lost
			}
		}
	}
}

// Over is a check that needs no answer any more.
type Over struct {
	Account uuid.UUID
	Number  int
}

// Checked takes what other instances know of checks, and gives those that were answered there while they were open here.
func (r *Room) Checked(rows []CheckRow) []Over {
	r.mu.Lock()
	defer r.mu.Unlock()
	var over []Over
	for _, row := range rows {
		v := r.viewers[row.Account]
		if v != nil && v.tracker != nil && v.asking.Merge(row.Check, row.Tries) && len(v.streams) > 0 {
			over = append(over, Over{Account: row.Account, Number: row.Number})
		}
	}
	return over
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

package livewebinar

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// leaveBody is more than the three fields of a farewell take.
const leaveBody = 1 << 10

func errLeave() error {
	return errs.New(errs.Invalid, "room.leave", "This request could not be read.")
}

// leave is the second way in which a page says that it goes away: what it writes on its connection in that moment may never be
// sent, and a lost connection is worth less than a farewell. The request may come to another instance than the one that holds the
// connection. It is about a connection of the account that asks; of one that is not in the room, or not any more, there is nothing
// to do, so it may come twice.
func (s *server) leave(w http.ResponseWriter, r *http.Request) error {
	who, _ := token.From(r.Context())
	if err := s.limits.leave.take(who.Account); err != nil {
		return err
	}
	if r.ParseForm() != nil {
		return errLeave()
	}
	webinar, err := idOf(r.PostForm.Get("webinar"))
	if err != nil {
		return err
	}
	connection, err := idOf(r.PostForm.Get("connection"))
	if err != nil {
		return err
	}
	sequence, err := strconv.ParseInt(r.PostForm.Get("sequence"), 10, 32)
	if err != nil || sequence < 0 {
		return errLeave()
	}
	obs.Event(r.Context()).Set("webinar", webinar)
	if l := s.rooms.holding(webinar); l != nil {
		s.farewell(l, who.Account, connection.String(), sequence)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// idOf takes only the one way to write an id.
func idOf(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil, errLeave()
	}
	return id, nil
}

// farewell takes a connection out of a room, whichever instance holds it.
func (s *server) farewell(l *live, account uuid.UUID, connection string, sequence int64) {
	beat := credit.Beat{Stream: connection, Sequence: sequence, Event: credit.Left}
	person, here := l.Person(account, connection)
	gone := false
	l.note(func() {
		now := s.now()
		if here {
			var o room.Observed
			if o, gone = l.Observe(now, account, room.Beat{Beat: beat}); gone {
				s.recorder.beat(o.Beat)
				s.recorder.check(o.Checks...)
			}
		} else if b := l.Depart(now, account, beat); b != nil {
			s.recorder.beat(*b) // whoever holds the connection finds it in the log
		}
	})
	if gone {
		s.recorder.act(s.activity.left(s.now(), l, person, connection))
	}
}

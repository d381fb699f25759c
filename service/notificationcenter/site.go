package notificationcenter

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
)

// linesAtOnce is how many lines are written in one statement.
const linesAtOnce = 200

// site writes what stands on the site. It waits for nobody outside: what is due later, or cannot be sent, holds up no line.
func (s *server) site(ctx context.Context) error {
	o := s.options()
	o.Batch, o.Workers, o.Prefetch, o.Express = linesAtOnce, 1, 2*linesAtOnce, 0
	return s.Queue.Consume(ctx, "notification.site", o, func(ctx context.Context, batch []*queue.Delivery) error {
		var notes []note
		var from []*queue.Delivery
		for _, d := range batch {
			t, err := s.taskOf(d)
			if err != nil {
				d.Bury(err)
				continue
			}
			t.message = s.writer.Short(t.Notification, s.Now())
			notes, from = append(notes, s.noteOf(t, "sent", "")), append(from, d)
		}
		return s.write(ctx, notes, from)
	})
}

// write writes lines, each alone when they do not go together: one that cannot be written harms no other.
func (s *server) write(ctx context.Context, notes []note, from []*queue.Delivery) error {
	if len(notes) == 0 {
		return nil
	}
	_, err := s.keepNotes(ctx, notes)
	if err == nil || len(notes) == 1 {
		return err
	}
	for i := range notes {
		if _, err := s.keepNotes(ctx, notes[i:i+1]); err != nil {
			from[i].Retry(err)
		}
	}
	return nil
}

// taskOf reads a message; what it refuses no further try can mend.
func (s *server) taskOf(d *queue.Delivery) (*task, error) {
	n := &eventpb.Notification{}
	if err := d.Into(n); err != nil {
		return nil, err
	}
	account, err := uuid.Parse(n.GetAccountId())
	if err != nil || !s.writer.Known(n.GetKind()) {
		return nil, fmt.Errorf("a message of kind %q for %q cannot be put into words", n.GetKind(), n.GetAccountId())
	}
	return &task{Delivery: d, Notification: n, account: account}, nil
}

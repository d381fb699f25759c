package notificationcenter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
)

const (
	linesAtOnce = 200 // are written in one statement
	pagesAtOnce = 10  // messages are worked on at once; most are for a page of people
)

// line is what stands on the site for one person, and the message that it came with.
type line struct {
	note

	news *eventpb.Notification
	from *queue.Delivery
}

// site writes what stands on the site. It waits for nobody outside: what is due later, or cannot be sent, holds up no line.
func (s *server) site(ctx context.Context) error {
	o := s.options()
	o.Batch, o.Workers, o.Prefetch, o.Express = pagesAtOnce, 1, 2*pagesAtOnce, 0
	return s.Queue.Consume(ctx, "notification.site", o, func(ctx context.Context, batch []*queue.Delivery) error {
		var lines []line
		for _, d := range batch {
			own, err := s.linesOf(ctx, d)
			if err != nil {
				d.Bury(err)
			}
			lines = append(lines, own...)
		}
		for some := range slices.Chunk(lines, linesAtOnce) {
			if err := s.write(ctx, some); err != nil {
				return err
			}
		}
		return nil
	})
}

// linesOf puts into words what a message says. What of a page cannot be put so gets a message of its own, which is put aside with the reason.
func (s *server) linesOf(ctx context.Context, d *queue.Delivery) ([]line, error) {
	m, err := d.Message()
	if err != nil {
		return nil, err
	}
	all, err := event.Notifications(m)
	if err != nil {
		return nil, err
	}
	_, page := m.(*eventpb.NotificationBatch)
	var lines []line
	var unfit []*eventpb.Notification
	for _, n := range all {
		one := d
		if page {
			one = part(d, n)
		}
		t, err := s.taskOf(one, n)
		switch {
		case err != nil && page:
			unfit = append(unfit, n)
		case err != nil:
			return nil, err
		default:
			t.message = s.writer.Short(n, s.Now())
			lines = append(lines, line{s.noteOf(t, "sent", ""), n, d})
		}
	}
	if err := s.apart(ctx, d, unfit, s.Now()); err != nil {
		d.Retry(err)
	}
	return lines, nil
}

// write writes lines, each alone when they do not go together: one that cannot be written harms no other.
func (s *server) write(ctx context.Context, lines []line) error {
	notes := make([]note, 0, len(lines))
	for _, l := range lines {
		notes = append(notes, l.note)
	}
	_, err := s.keepNotes(ctx, notes)
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) {
		return err // nil, or there is nobody to write to
	}
	for i, l := range lines {
		_, err := s.keepNotes(ctx, notes[i:i+1])
		if err != nil && l.id != l.from.ID { // one of a page
			err = s.apart(ctx, l.from, []*eventpb.Notification{l.news}, s.Now().Add(s.config.FirstRetry))
		}
		if err != nil {
			l.from.Retry(err)
		}
	}
	return nil
}

// taskOf is what one person is told, with the message that it came with; what it refuses no further try can mend.
func (s *server) taskOf(d *queue.Delivery, n *eventpb.Notification) (*task, error) {
	account, err := uuid.Parse(n.GetAccountId())
	if err != nil || !s.writer.Known(n.GetKind()) {
		return nil, fmt.Errorf("a message of kind %q for %q cannot be put into words", n.GetKind(), n.GetAccountId())
	}
	return &task{Delivery: d, Notification: n, account: account}, nil
}

package notificationcenter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

func (s *server) consume(ctx context.Context) error {
	defer s.mailer.rest()
	stop := make(chan struct{})
	var gathering sync.WaitGroup
	gathering.Go(func() { s.gates.run(stop) })
	gathering.Go(func() { s.notes.run(stop) })
	defer gathering.Wait()
	defer close(stop) // when no handler runs any more
	return s.Queue.Consume(ctx, "notification.send", s.options(), func(ctx context.Context, batch []*queue.Delivery) error {
		for _, d := range batch {
			if err := s.deliver(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// errHopeless marks a failure that no further try can mend, such as an address that the server refuses for good.
var errHopeless = errors.New("no further try can help")

// errTooLate says that a message lost its sense while it waited for its turn: nobody is reminded of a webinar that has begun.
var errTooLate = errors.New("it was too late")

// task is one message for one person on one channel, on its way.
type task struct {
	*queue.Delivery
	*eventpb.Notification

	account uuid.UUID
	message text.Message
}

// deliver brings a message to its person, or to a page of people. All of it may happen again: what was sent is known by the message's id.
func (s *server) deliver(ctx context.Context, d *queue.Delivery) error {
	m, err := d.Message()
	if err != nil {
		d.Bury(err)
		return nil //nolint:nilerr // It is put aside with the reason; trying again cannot help.
	}
	switch m := m.(type) {
	case *eventpb.NotificationBatch:
		return s.deliverBatch(ctx, d, m)
	case *eventpb.Notification:
		return s.deliverOne(ctx, d, m)
	default:
		d.Bury(fmt.Errorf("a %s tells nobody anything", d.Type))
		return nil
	}
}

func (s *server) deliverOne(ctx context.Context, d *queue.Delivery, n *eventpb.Notification) error {
	obs.Event(ctx).Set("kind", n.GetKind()).Set("channel", channel(n))
	t, err := s.taskOf(d, n)
	if err != nil {
		d.Bury(err)
		return nil //nolint:nilerr // As above.
	}
	if n.GetChannel() == eventpb.Channel_CHANNEL_SITE { // Of a time when the site had no queue of its own.
		t.message = s.writer.Short(n, s.Now())
		return s.note(ctx, t, "sent", "")
	}
	done, err := s.known(ctx, t)
	if err != nil || done {
		return err
	}
	return s.conclude(ctx, t, s.send(ctx, t))
}

// known tells whether there is nothing to do: somebody has it already, or is not to be written to, which it notes.
func (s *server) known(ctx context.Context, t *task) (done bool, err error) {
	is, err := s.gates.of(ctx, gate{id: t.ID, address: t.GetAddress(), chosen: t.GetTopic() != ""})
	if err != nil || is.Done {
		return is.Done, err
	}
	if is.Suppressed != "" && t.GetChannel() == eventpb.Channel_CHANNEL_EMAIL {
		t.message = s.writer.Short(t.Notification, s.Now())
		return true, s.note(ctx, t, "suppressed", is.Suppressed)
	}
	return false, nil
}

// conclude keeps what became of a try, and says what is to become of the message.
func (s *server) conclude(ctx context.Context, t *task, failure error) error {
	switch {
	case failure == nil:
		return s.note(ctx, t, "sent", "")
	case errors.Is(failure, errTooLate):
		return s.note(ctx, t, "expired", "")
	case errors.Is(failure, errNobody):
		return s.note(ctx, t, "suppressed", failure.Error())
	case errors.Is(failure, errHopeless):
		if err := s.noteRefusal(ctx, t, failure); err != nil {
			return err
		}
		t.Bury(failure)
		return nil
	case t.Attempt >= s.config.MaxAttempts:
		return errors.Join(s.note(ctx, t, "failed", failure.Error()), failure)
	default:
		return errors.Join(s.note(ctx, t, "retry", failure.Error()), failure)
	}
}

// over tells whether a message has lost its sense. The queue looks at that when it hands a message over; until it is sent some time may pass.
func over(n *eventpb.Notification, now time.Time) bool {
	return n.GetExpiresAt() != nil && !now.Before(n.GetExpiresAt().AsTime())
}

// send puts a message into words and hands it to those who carry it.
func (s *server) send(ctx context.Context, t *task) (err error) {
	switch t.GetChannel() {
	case eventpb.Channel_CHANNEL_EMAIL:
		if t.message, err = s.writer.Write(t.Notification, s.wayOut(t), s.Now()); err != nil {
			return err
		}
		return s.mailer.send(ctx, s.mailOf(t))
	case eventpb.Channel_CHANNEL_PUSH:
		t.message = s.writer.Short(t.Notification, s.Now())
		if over(t.Notification, s.Now()) {
			return errTooLate
		}
		return s.pusher.push(ctx, t)
	default:
		return fmt.Errorf("channel %s: %w", t.GetChannel(), errHopeless)
	}
}

const siteChannel = "site"

func channel(n *eventpb.Notification) string {
	switch n.GetChannel() {
	case eventpb.Channel_CHANNEL_EMAIL:
		return "email"
	case eventpb.Channel_CHANNEL_PUSH:
		return "push"
	default:
		return siteChannel
	}
}

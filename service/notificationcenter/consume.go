package notificationcenter

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

func (s *server) consume(ctx context.Context) error {
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

// deliver brings one message to one person. All of it may happen again: what was sent is known by the message's id.
func (s *server) deliver(ctx context.Context, d *queue.Delivery) error {
	n := &eventpb.Notification{}
	if err := d.Into(n); err != nil {
		d.Bury(err)
		return nil
	}
	account, err := uuid.Parse(n.GetAccountId())
	if err != nil || !s.writer.Known(n.GetKind()) {
		d.Bury(fmt.Errorf("a message of kind %q for %q cannot be put into words", n.GetKind(), n.GetAccountId()))
		return nil //nolint:nilerr // It is put aside with the reason; trying again cannot help.
	}
	obs.Event(ctx).Set("kind", n.GetKind()).Set("channel", channel(n))
	sent, err := s.store.DeliverySent(ctx, d.ID)
	if err != nil || sent {
		return err
	}
	failure := s.send(ctx, d.ID, account, n)
	if err := s.note(ctx, d, account, n, failure); err != nil {
		return err
	}
	if errors.Is(failure, errHopeless) {
		d.Bury(failure)
		return nil
	}
	return failure
}

func (s *server) send(ctx context.Context, id, account uuid.UUID, n *eventpb.Notification) error {
	message, err := s.writer.Write(n, s.Now())
	if err != nil {
		return err
	}
	switch n.GetChannel() {
	case eventpb.Channel_CHANNEL_SITE:
		_, err := s.store.NotificationAdd(ctx, store.NotificationAddParams{
			ID: id, AccountID: account, Kind: n.GetKind(), Text: message.Subject, Path: n.GetPath(), Now: s.Now(),
		})
		return err
	case eventpb.Channel_CHANNEL_EMAIL:
		return s.mailer.send(ctx, mail{ID: id, To: n.GetAddress(), Name: n.GetName(), Message: message})
	default:
		return fmt.Errorf("channel %s: %w", n.GetChannel(), errHopeless)
	}
}

// note keeps what became of a message. It is the promise that a mail is not sent again, so it must be kept itself.
func (s *server) note(ctx context.Context, d *queue.Delivery, account uuid.UUID, n *eventpb.Notification, failure error) error {
	note := store.DeliveryNoteParams{
		ID: d.ID, AccountID: account, Channel: channel(n), Kind: n.GetKind(), State: "sent", Attempts: int32(d.Attempt), //nolint:gosec // Few.
		Now: s.Now(),
	}
	if failure != nil {
		note.State, note.Reason = "failed", obs.Mask(failure.Error())
	}
	if err := s.store.DeliveryNote(ctx, note); err != nil {
		return fmt.Errorf("note delivery: %w", err)
	}
	return nil
}

func channel(n *eventpb.Notification) string {
	if n.GetChannel() == eventpb.Channel_CHANNEL_EMAIL {
		return "email"
	}
	return "site"
}

package notificationcenter

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

// refusal is what a server said for good.
type refusal struct {
	code      int    // 550
	status    string // 5.1.1, the enhanced code (RFC 3463); empty when it gave none
	text      string
	recipient bool // it refused the recipient, not the content
}

func (r *refusal) Error() string {
	return strings.TrimSpace(strconv.Itoa(r.code) + " " + strings.TrimSpace(r.status+" "+r.text))
}

// permanent is what the server said for good; nil when it did not.
func permanent(err error) *textproto.Error {
	var said *textproto.Error
	if !errors.As(err, &said) || said.Code < 500 || said.Code > 599 {
		return nil
	}
	return said
}

// refused tells the server's "never" from its "not now". Never is only what it says of this recipient or this content: what it
// says of us (login, sender, relaying) is mended by whoever runs it, and the mail waits for that.
func refused(at stage, err error) error {
	said := permanent(err)
	if said == nil || at == atSender {
		return fmt.Errorf("send: %w", err)
	}
	r := &refusal{code: said.Code, text: strings.Join(strings.Fields(said.Msg), " "), recipient: at == atRecipient}
	if found := regexp.MustCompile(`^5\.\d{1,3}\.\d{1,3}\b`).FindString(r.text); found != "" {
		r.status, r.text = found, strings.TrimSpace(strings.TrimPrefix(r.text, found))
	}
	if r.recipient && strings.HasPrefix(r.status, "5.7.") {
		return fmt.Errorf("send: %w", err)
	}
	return fmt.Errorf("%w: %w", errHopeless, r)
}

// The rules when an address gets no more mail:
//
//	5.1.0, 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10   there is no such mailbox or domain: at once
//	5.2.1                                       the mailbox is closed: at once
//	any other failure for good                  after the third mail in a row that failed for good
//	content, policy, size (5.3, 5.6, 5.7)       never: that is about what we send, not about the address
//
// The same rules hold for what the server says while we send, and for what comes back later as a bounce.
const refusalsInRow = 3

// dead tells whether a status says that the address takes no mail, ever.
func dead(status string) bool {
	switch status {
	case "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1":
		return true
	default:
		return false
	}
}

// aboutUs tells whether a status is about what we sent and not about the address.
func aboutUs(status string) bool {
	return strings.HasPrefix(status, "5.3.") || strings.HasPrefix(status, "5.6.") || strings.HasPrefix(status, "5.7.")
}

// noteRefusal keeps that a message failed for good, and stops mail to an address that takes none.
func (s *server) noteRefusal(ctx context.Context, t *task, failure error) error {
	if err := s.note(ctx, t, "failed", reasonOf(failure)); err != nil {
		return err
	}
	var r *refusal
	if !errors.As(failure, &r) || !r.recipient {
		return nil
	}
	return s.suppress(ctx, s.store, setback{
		id: t.ID, account: t.account, address: t.GetAddress(), status: r.status, cause: "refusal", reason: r.Error(),
		language: t.GetLanguage(), zone: t.GetZone(),
	})
}

func reasonOf(failure error) string {
	var r *refusal
	if errors.As(failure, &r) {
		return r.Error()
	}
	return failure.Error()
}

// setback is a mail that failed for good, while it was sent or later.
type setback struct {
	id, account           uuid.UUID
	address               string
	status, cause, reason string
	language, zone        string
}

// suppress stops mail to an address, when the rules say so, and tells the person on the site, where they can lift it.
func (s *server) suppress(ctx context.Context, q *store.Queries, c setback) error {
	if !dead(c.status) {
		if aboutUs(c.status) {
			return nil
		}
		earlier, err := q.DeliveryRefusals(ctx, store.DeliveryRefusalsParams{Address: c.address, But: c.id, Most: refusalsInRow - 1})
		if err != nil {
			return fmt.Errorf("count refusals: %w", err)
		}
		if earlier < refusalsInRow-1 {
			return nil
		}
	}
	reason := obs.Mask(c.reason)
	added, err := q.SuppressionAdd(ctx, store.SuppressionAddParams{
		Address: c.address, Scope: "all", AccountID: c.account, Cause: c.cause, Reason: reason, Now: s.Now(),
	})
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	obs.Event(ctx).Set("suppressed", c.cause)
	if added == 0 {
		return nil
	}
	return s.tellBounced(ctx, q, c, reason)
}

// tellBounced tells the person on the site, in the language that they had when the mail was sent: no mail would reach them.
func (s *server) tellBounced(ctx context.Context, q *store.Queries, c setback, reason string) error {
	n := &eventpb.Notification{
		Kind: "address.bounced", Language: c.language, Zone: c.zone, Path: deliveriesPath,
		Data: map[string]string{"address": c.address, "reason": reason},
	}
	message, err := s.writer.Write(n, "", s.Now())
	if err != nil {
		return err
	}
	_, err = q.NotificationAdd(ctx, store.NotificationAddParams{
		ID: s.NewID(), AccountID: c.account, Kind: n.GetKind(), Text: message.Subject, Path: n.GetPath(), Now: s.Now(),
	})
	if err != nil {
		return fmt.Errorf("tell on the site: %w", err)
	}
	return nil
}

// deliveriesPath is the page on which a person sees what became of their mails.
const deliveriesPath = "/me/notifications/deliveries"

package notificationcenter

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

// statement bounds how long one statement for many may take.
const statement = 30 * time.Second

// gate is what is known of a message before it is sent.
type gate struct {
	id      uuid.UUID
	address string
	chosen  bool // one that the person may choose to get
}

// note is what became of a message.
type note struct {
	id, account             uuid.UUID
	channel, kind           string
	state, reason           string
	attempts                int32
	text                    string
	address, language, zone string
	path                    string
	at, expires             time.Time
}

func (s *server) gather() {
	s.gates = newGatherer(func(g gate) any { return g.id }, s.askGates)
	s.notes = newGatherer(func(n note) any { return n.id }, s.keepNotes)
}

func (s *server) askGates(ctx context.Context, gates []gate) ([]store.DeliveryGatesRow, error) {
	ctx, cancel := context.WithTimeout(ctx, statement)
	defer cancel()
	var p store.DeliveryGatesParams
	for _, g := range gates {
		p.Ids, p.Addresses, p.Chosen = append(p.Ids, g.id), append(p.Addresses, g.address), append(p.Chosen, g.chosen)
	}
	rows, err := s.store.DeliveryGates(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return rows, nil
}

func (s *server) keepNotes(ctx context.Context, notes []note) ([]struct{}, error) {
	ctx, cancel := context.WithTimeout(ctx, statement)
	defer cancel()
	var p store.DeliveryNotesParams
	for _, n := range notes {
		p.Ids, p.AccountIds = append(p.Ids, n.id), append(p.AccountIds, n.account)
		p.Channels, p.Kinds = append(p.Channels, n.channel), append(p.Kinds, n.kind)
		p.States, p.Reasons, p.Attempts = append(p.States, n.state), append(p.Reasons, n.reason), append(p.Attempts, n.attempts)
		p.Texts, p.Addresses = append(p.Texts, n.text), append(p.Addresses, n.address)
		p.Languages, p.Zones = append(p.Languages, n.language), append(p.Zones, n.zone)
		p.Ats, p.ExpiresAts, p.Paths = append(p.Ats, n.at), append(p.ExpiresAts, n.expires), append(p.Paths, n.path)
	}
	if err := s.store.DeliveryNotes(ctx, p); err != nil {
		return nil, fmt.Errorf("note deliveries: %w", err)
	}
	for _, n := range notes {
		if n.channel == siteChannel && n.state == "sent" {
			s.bells.touch(n.account)
		}
	}
	return make([]struct{}, len(notes)), nil
}

// note keeps what became of a message. It is the promise that a mail is not sent again, so it must be kept itself.
func (s *server) note(ctx context.Context, t *task, state, reason string) error {
	_, err := s.notes.of(context.WithoutCancel(ctx), s.noteOf(t, state, reason))
	return err
}

func (s *server) noteOf(t *task, state, reason string) note {
	n := note{
		id: t.ID, account: t.account, channel: channel(t.Notification), kind: t.GetKind(), state: state, attempts: int32(t.Attempt), //nolint:gosec // Few.
		reason: storable(obs.Mask(reason)), at: s.Now(), text: t.message.Subject, language: t.GetLanguage(), zone: t.GetZone(), expires: time.Unix(0, 0),
		path: t.GetPath(),
	}
	if t.GetChannel() == eventpb.Channel_CHANNEL_EMAIL {
		n.address = t.GetAddress()
	}
	if t.GetExpiresAt() != nil {
		n.expires = t.GetExpiresAt().AsTime()
	}
	if n.channel == siteChannel && state == "sent" && over(t.Notification, n.at) {
		n.state = "expired" // a line comes with its note, so this is the moment
	}
	return n
}

// storable is what of a text from elsewhere, such as the answer of a server, the database can keep.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "")
}

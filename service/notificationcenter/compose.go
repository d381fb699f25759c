package notificationcenter

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/calendar"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/letter"
)

// composer writes mails as they go over the wire.
type composer struct {
	sender *netmail.Address
	signer *key
	stamp  stamp
	now    func() time.Time
	base   string
	zones  *i18n.Zones
	pen    *letter.Pen
	paper  sync.Pool // of *[]byte, in which mails are written

	mu      sync.Mutex
	invites map[invited]calendar.Invitation // those of the last mails, but for who is invited
}

// invited is an invitation as it is made in one second.
type invited struct {
	invite
	second int64
}

const mostInvites = 100

func newComposer(sender *netmail.Address, signer *key, stamp stamp, now func() time.Time, base string) *composer {
	return &composer{
		sender: sender, signer: signer, stamp: stamp, now: now, base: base, zones: i18n.NewZones(), pen: letter.New(), invites: map[invited]calendar.Invitation{},
	}
}

// compose writes a mail as it goes over the wire, and gives it to do something with. Afterwards its memory is another's.
func (c *composer) compose(m mail, do func(raw []byte) error) error {
	sheet, ok := c.paper.Get().(*[]byte)
	if !ok {
		sheet = new([]byte)
	}
	defer c.paper.Put(sheet)
	raw, err := c.write((*sheet)[:0], m)
	if err != nil {
		return fmt.Errorf("%w: %w", errHopeless, err)
	}
	*sheet = raw
	return do(raw)
}

func (c *composer) write(raw []byte, m mail) ([]byte, error) {
	if _, err := netmail.ParseAddress("<" + m.To + ">"); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	for _, one := range []struct{ name, value string }{
		{"From", c.sender.String()},
		{"To", (&netmail.Address{Name: m.Name, Address: m.To}).String()},
		{"Subject", letter.Phrase(m.Subject)},
		{"Message-ID", "<" + c.stamp.of(m.ID) + ">"},
		{"Date", c.now().Format(time.RFC1123Z)},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no machine answers "I am on holiday"
		{"MIME-Version", "1.0"},
	} {
		raw = letter.Header(raw, one.name, one.value)
	}
	if m.WayOut != "" {
		raw = letter.Header(raw, "List-Unsubscribe", "<"+m.WayOut+">")
		if strings.HasPrefix(m.WayOut, "https:") { // RFC 8058 allows nothing else
			raw = letter.Header(raw, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	return c.sign(c.body(raw, m))
}

// body adds the words and, for the calendar, the invitation: twice, as mail programs want it, as a part that they act upon and as a file that a
// person can open.
func (c *composer) body(raw []byte, m mail) []byte {
	if m.Invite == nil {
		return letter.Last(c.words(raw, m), letter.Alternative)
	}
	invitation := c.file(m)
	raw = c.words(letter.Next(letter.Multipart(raw, "mixed", letter.Mixed), letter.Mixed), m)
	raw = c.pen.Text(letter.Next(raw, letter.Alternative), "text/calendar; charset=UTF-8; method="+string(m.Invite.method), string(invitation))
	raw = letter.Next(letter.Last(raw, letter.Alternative), letter.Mixed)
	return letter.Last(letter.File(raw, "application/ics", "webinar.ics", invitation), letter.Mixed)
}

func (c *composer) words(raw []byte, m mail) []byte {
	raw = letter.Multipart(raw, "alternative", letter.Alternative)
	raw = c.pen.Text(letter.Next(raw, letter.Alternative), "text/plain; charset=UTF-8", m.Text)
	return c.pen.Text(letter.Next(raw, letter.Alternative), "text/html; charset=UTF-8", m.HTML)
}

// sign covers what a forger would change, and what a mail program trusts a signature for: the way out (RFC 8058 4). A header that
// is named twice cannot be added on the way.
func (c *composer) sign(raw []byte) ([]byte, error) {
	if c.signer == nil {
		return raw, nil
	}
	var signed bytes.Buffer
	err := dkim.Sign(&signed, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: c.signer.domain, Selector: c.signer.selector, Signer: c.signer.private,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{
			"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version", "Auto-Submitted",
			"List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post",
		},
	})
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signed.Bytes(), nil
}

// invite is a webinar for the calendar of its reader.
type invite struct {
	method   calendar.Method
	id       uuid.UUID
	sequence int32
	start    time.Time
	length   time.Duration
	zone     string
	title    string
	lecturer string
	path     string
}

// inviteOf reads what a calendar needs from the news of a webinar; nil when it is none, or does not say enough.
func inviteOf(n *eventpb.Notification) *invite {
	methods := map[string]calendar.Method{
		"webinar.reminder": calendar.Request, "webinar.moved": calendar.Request, "webinar.cancelled": calendar.Cancel,
	}
	data := n.GetData()
	method, ok := methods[n.GetKind()]
	id, errID := uuid.Parse(data["webinar_id"])
	start, errStart := time.Parse(time.RFC3339, data["starts_at"])
	minutes, errMinutes := strconv.Atoi(data["minutes"])
	sequence, errSequence := strconv.ParseInt(data["sequence"], 10, 32)
	if !ok || errors.Join(errID, errStart, errMinutes, errSequence) != nil {
		return nil
	}
	return &invite{
		method: method, id: id, sequence: int32(sequence), start: start, length: time.Duration(minutes) * time.Minute, zone: n.GetZone(),
		title: data["title"], lecturer: data["lecturer"], path: n.GetPath(),
	}
}

// file is the invitation. Its UID is that of the file on the webinar's page, so that a calendar that took it there knows it again.
func (c *composer) file(m mail) []byte {
	attendee := calendar.Person{Name: m.Name, Address: m.To}
	key := invited{*m.Invite, c.now().Unix()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.invites[key]; ok {
		return known.For(attendee)
	}
	i := m.Invite
	made := calendar.Prepare(calendar.Event{
		Method: i.method, UID: i.id.String() + "@rounds", Sequence: i.sequence, Made: c.now(), Start: i.start, End: i.start.Add(i.length),
		Summary: i.title, Description: i.lecturer, URL: c.base + i.path, Zone: c.zones.Find(i.zone),
		Organizer: calendar.Person{Name: c.sender.Name, Address: c.sender.Address},
	})
	if len(c.invites) >= mostInvites {
		clear(c.invites)
	}
	c.invites[key] = made
	return made.For(attendee)
}

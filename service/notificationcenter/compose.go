package notificationcenter

import (
	"bytes"
	"errors"
	"fmt"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/calendar"
	"github.com/rounds-cme/rounds/kit/i18n"
)

// composer writes mails as they go over the wire.
type composer struct {
	from   string
	sender *netmail.Address
	signer *key
	now    func() time.Time
	base   string
	zones  *i18n.Zones
}

// messageID is the same for each try, so that a server or a person can tell a repetition, and so that what comes back is known.
func messageID(id uuid.UUID) string { return id.String() + "@rounds" }

// compose gives a mail as it goes over the wire.
func (c composer) compose(m mail) ([]byte, error) {
	message := gomail.NewMsg()
	if err := errors.Join(message.From(c.from), message.AddToFormat(m.Name, m.To)); err != nil {
		return nil, err
	}
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(messageID(m.ID))
	message.SetDateWithValue(c.now())
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no machine answers "I am on holiday"
	if m.WayOut != "" {
		message.SetListUnsubscribe(m.WayOut)
		if strings.HasPrefix(m.WayOut, "https:") { // RFC 8058 allows nothing else
			message.SetListUnsubscribePost()
		}
	}
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	if m.Invite != nil {
		if err := c.attach(message, m); err != nil {
			return nil, err
		}
	}
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return c.sign(raw.Bytes())
}

// sign covers what a forger would change, and what a mail program trusts a signature for: the way out (RFC 8058 4). A header that
// is named twice cannot be added on the way.
func (c composer) sign(raw []byte) ([]byte, error) {
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
func (c composer) file(m mail) []byte {
	i := m.Invite
	event := calendar.Event{
		Method: i.method, UID: i.id.String() + "@rounds", Sequence: i.sequence, Made: c.now(), Start: i.start, End: i.start.Add(i.length),
		Summary: i.title, Description: i.lecturer, URL: c.base + i.path,
		Organizer: calendar.Person{Name: c.sender.Name, Address: c.sender.Address}, Attendee: calendar.Person{Name: m.Name, Address: m.To},
	}
	event.Zone = c.zones.Find(i.zone)
	return calendar.File(event)
}

// attach adds the invitation twice, as mail programs want it: as a part that they act upon, and as a file that a person can open.
func (c composer) attach(message *gomail.Msg, m mail) error {
	file := c.file(m)
	message.AddAlternativeString(gomail.ContentType("text/calendar; method="+string(m.Invite.method)), string(file))
	err := message.AttachReader("webinar.ics", bytes.NewReader(file), gomail.WithFileContentType("application/ics"))
	if err != nil {
		return fmt.Errorf("attach the invitation: %w", err)
	}
	return nil
}

package bounce_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/bounce"
)

// postfix is what Postfix sends for a mailbox that is not there.
const postfix = `Return-Path: <>
Date: Thu, 26 Nov 2026 18:00:02 +0000 (UTC)
From: MAILER-DAEMON@mail.hospital.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: no-reply@rounds.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="B1.1700000000/mail.hospital.example"
Message-Id: <20261126180002.B1@mail.hospital.example>

This is a MIME-encapsulated message.

--B1.1700000000/mail.hospital.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.hospital.example.

--B1.1700000000/mail.hospital.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.hospital.example
X-Postfix-Queue-ID: B1
Arrival-Date: Thu, 26 Nov 2026 18:00:01 +0000 (UTC)

Final-Recipient: rfc822; ana@hospital.example
Original-Recipient: rfc822;ana@hospital.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.hospital.example
Diagnostic-Code: smtp; 550 5.1.1 <ana@hospital.example>: Recipient address
    rejected: User unknown

--B1.1700000000/mail.hospital.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: Rounds <no-reply@rounds.example>
Message-ID: <0b8f0c1e-0000-5000-8000-0000000000a1@rounds>
Subject: in 60 minutes: Sepsis

Hello Ana,
Message-ID: <other@rounds>
--B1.1700000000/mail.hospital.example--
`

// complaint is what a large provider sends when somebody presses "spam".
const complaint = `From: feedback@provider.example
To: abuse@rounds.example
Subject: FW: in 60 minutes
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--b
Content-Type: text/rfc822-headers

From: Rounds <no-reply@rounds.example>
To: redacted
Message-ID:
 <0b8f0c1e-0000-5000-8000-0000000000a2@rounds>

--b--
`

// until is the beginning of a text.
func until(text, mark string) string {
	before, _, _ := strings.Cut(text, mark)
	return before
}

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

func TestReports(t *testing.T) {
	t.Parallel()
	const first, second = "0b8f0c1e-0000-5000-8000-0000000000a1@rounds", "0b8f0c1e-0000-5000-8000-0000000000a2@rounds"
	unknown := "550 5.1.1 <ana@hospital.example>: Recipient address rejected: User unknown"
	for name, c := range map[string]struct {
		raw  string
		want bounce.Report
	}{
		"failed":    {postfix, bounce.Report{Kind: bounce.Failed, MessageID: first, Status: "5.1.1", Said: unknown}},
		"complaint": {complaint, bounce.Report{Kind: bounce.Complaint, MessageID: second, Said: "abuse"}},
		"delayed": {
			strings.Replace(postfix, "Action: failed\nStatus: 5.1.1", "Action: delayed\nStatus: 4.4.1", 1),
			bounce.Report{MessageID: first},
		},
		"a status that says nothing": {
			strings.Replace(postfix, "Status: 5.1.1", "Status: 5.0.0 (undefined)", 1),
			bounce.Report{Kind: bounce.Failed, MessageID: first, Status: "5.1.1", Said: unknown},
		},
		"not spam": {strings.Replace(complaint, "Feedback-Type: abuse", "Feedback-Type: not-spam", 1), bounce.Report{MessageID: second}},
		"cut off": {
			until(postfix, "Hello Ana"),
			bounce.Report{Kind: bounce.Failed, MessageID: first, Status: "5.1.1", Said: unknown},
		},
		"nothing sent back": {
			strings.Replace(until(postfix, "--B1.1700000000/mail.hospital.example\nContent-Description: Undelivered"),
				"Auto-Submitted:", "References: <"+first+">\nAuto-Submitted:", 1),
			bounce.Report{Kind: bounce.Failed, MessageID: first, Status: "5.1.1", Said: unknown},
		},
	} {
		for ending, raw := range map[string][]byte{"CRLF": crlf(c.raw), "LF": []byte(c.raw)} {
			if got, err := bounce.Parse(raw); err != nil || got != c.want {
				t.Errorf("%s, %s: %+v, %v; want %+v", name, ending, got, err, c.want)
			}
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing": "", "a letter": "From: a@b\nSubject: Hello\n\nI am on holiday. Message-ID: <x@rounds>\n", "no mail": "\x00\xff",
		"a report without a part for machines": "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain\n\nfailed\n--b--\n",
		"no boundary":                          "Content-Type: multipart/report\n\nAction: failed\n",
	} {
		if got, err := bounce.Parse([]byte(raw)); !errors.Is(err, bounce.ErrNoReport) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// FuzzParse: whatever a stranger sends, it is read in bounded time, and what is shown of it is one short line.
func FuzzParse(f *testing.F) {
	f.Add([]byte(postfix))
	f.Add(crlf(complaint))
	f.Add([]byte("Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := bounce.Parse(raw)
		if err != nil && got != (bounce.Report{}) {
			t.Errorf("%+v beside %v", got, err)
		}
		if strings.ContainsAny(got.Said+got.Status+got.MessageID, "\r\n\x00") || len([]rune(got.Said)) > 400 || !utf8.ValidString(got.Said) {
			t.Errorf("%+v", got)
		}
	})
}

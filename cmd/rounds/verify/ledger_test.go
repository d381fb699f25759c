package verify_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/cmd/rounds/verify"
)

const (
	list       = `00000000-0000-0000-0000-0000000000d1` // the request for those who qualified
	correction = `00000000-0000-0000-0000-0000000000d2` // the request for what was granted
	somebody   = `'00000000-0000-0000-0000-0000000000d3'`

	granted = `INSERT INTO datamanagement.appeal (id, webinar_id, account_id, reason, state, made_at, closed_at, decided_by, amendment, evidence, credit, hundredths)
		VALUES (` + x + `, ` + w + `, ` + a + `, 'other', 'granted', now(), now(), ` + x + `, '{}', '{}', '{}', 50);`
	nobody   = `UPDATE datamanagement.attendance_result SET qualified = false, hundredths = 0;`
	unlisted = `UPDATE datamanagement.booking SET request_id = NULL WHERE kind = 'webinar';`
)

// story is what happened, as rows and as events.
type story struct {
	rows   string
	events int
}

func (s *story) and(rows string) *story {
	s.rows += rows
	return s
}

func (s *story) tell(stream, kind, payload string) *story {
	s.events++
	n := strconv.Itoa(s.events)
	return s.and(event(stream, kind, payload, n, n))
}

// asked has a request gone to the agency, with what became of it, and a saga.
func (s *story) asked(request, state, appeal, saga string) *story {
	answered := "now(), now()"
	if state == "sent" {
		answered = "NULL, NULL"
	}
	s.and(`INSERT INTO datamanagement.agency_request (id, webinar_id, appeal_id, requested_by, requested_at, viewers, qualified, hundredths, state, answered_at, answered_on)
		VALUES ('` + request + `', ` + w + `, ` + appeal + `, ` + a + `, now(), 1, 1, 100, '` + state + `', ` + answered + `);`)
	if saga != "" {
		s.and(`INSERT INTO saga.run (role, name, id, status, wake_at) VALUES ('rounds_scheduler', 'points.request', '` + request + `', '` + saga + `', now());`)
	}
	return s.tell(`webinar/00000000-0000-0000-0000-00000000000a`, "points.requested", `{"requestId": "`+request+`"}`)
}

func (s *story) answered(request, payload string) *story {
	return s.tell(`webinar/00000000-0000-0000-0000-00000000000a`, "points.answered", `{"requestId": "`+request+`"`+payload+`}`)
}

func (s *story) booked(kind, account, request, hundredths string) *story {
	return s.and(`INSERT INTO datamanagement.booking (id, account_id, webinar_id, kind, hundredths, day, request_id, booked_at)
		VALUES (gen_random_uuid(), ` + account + `, ` + w + `, '` + kind + `', ` + hundredths + `, now(), '` + request + `', now());`)
}

func (s *story) noted(ends, days string) *story {
	return s.and(`INSERT INTO datamanagement.licence_notice (account_id, ends_on, days, hundredths, told_at) VALUES (` + a + `, '` + ends + `', ` + days + `, 100, now());`)
}

func (s *story) warned(ends, days string) *story {
	return s.tell("account/b", "licence.deadline", `{"accountId": "00000000-0000-0000-0000-00000000000b", "endsAt": "`+ends+`", "days": `+days+`}`)
}

// list has the list of a webinar accepted; only the bookings are missing.
func (s *story) list() *story {
	return s.and(webinar+result).asked(list, "accepted", "NULL", "completed").answered(list, `, "accepted": true`)
}

// corrected has what was granted accepted; only the booking is missing.
func (s *story) corrected() *story {
	return s.and(granted).asked(correction, "accepted", x, "completed").answered(correction, `, "accepted": true`)
}

func tell() *story { return &story{} }

// TestLedger tells what happened to the points of a webinar and to a licence, whole and with each thing wrong that can be.
func TestLedger(t *testing.T) {
	t.Parallel()
	database, clean := house(t)
	about := slices.DeleteFunc(verify.Main(), func(i verify.Invariant) bool {
		subject, _, _ := strings.Cut(i.Name, ".")
		return i.Name == "ledger.replay" || !slices.Contains([]string{"ledger", "requests", "licences"}, subject)
	})
	for _, c := range []struct {
		what  string
		story *story
		want  []string
	}{
		{"as it goes", tell().list().booked("webinar", a, list, "100").corrected().booked("correction", a, correction, "50"), nil},
		{"refused", tell().and(webinar+result).asked(list, "refused", "NULL", "completed").answered(list, ""), nil},
		{"with the agency", tell().and(webinar+result).asked(list, "sent", "NULL", "waiting"), nil},
		{"corrected before the list is answered", tell().and(webinar+result).asked(list, "sent", "NULL", "waiting").corrected().booked("correction", a, correction, "50"), nil},
		{"requested this moment", tell().and(webinar+result).asked(list, "sent", "NULL", "").and("UPDATE eventlog.event SET at = now();"), nil},

		{"booked without a request", tell().list().booked("webinar", a, list, "100").and(unlisted), []string{"ledger.accepted"}},
		{"booked for who did not qualify", tell().list().and(nobody).booked("webinar", a, list, "100"), []string{"ledger.accepted"}},
		{"booked before the answer", tell().and(webinar+result).asked(list, "sent", "NULL", "waiting").booked("webinar", a, list, "100"), []string{"ledger.accepted"}},
		{"booked with other points", tell().list().booked("webinar", a, list, "99"), []string{"ledger.complete"}},
		{"not booked, but corrected", tell().list().corrected().booked("correction", a, correction, "50"), []string{"ledger.complete"}},
		{"corrected for somebody else", tell().list().booked("webinar", a, list, "100").corrected().booked("correction", somebody, correction, "50"), []string{"ledger.accepted", "ledger.corrections"}},
		{"booked by a correction", tell().list().booked("webinar", a, correction, "100").corrected().booked("correction", a, correction, "50"), []string{"ledger.accepted"}},
		{"corrected by the list", tell().list().booked("webinar", a, list, "100").booked("correction", a, list, "50"), []string{"ledger.accepted"}},

		{"no saga", tell().and(webinar+result).asked(list, "sent", "NULL", ""), []string{"requests.followed"}},
		{"a saga that ended without an answer", tell().and(webinar+result).asked(list, "sent", "NULL", "completed"), []string{"requests.followed"}},
		{"a saga that does not hear the answer", tell().and(webinar+result).asked(list, "refused", "NULL", "waiting").answered(list, ""), []string{"requests.followed"}},
		{"told twice", tell().list().booked("webinar", a, list, "100").answered(list, `, "accepted": true`), []string{"requests.answered"}},
		{"told as something else", tell().and(webinar+result).asked(list, "refused", "NULL", "completed").answered(list, `, "accepted": true`), []string{"requests.answered"}},

		{"warned in zones far apart", tell().noted("2027-01-01", "90").warned("2026-12-31T10:00:00Z", "90").noted("2027-01-01", "30").warned("2027-01-01T11:00:00Z", "8").
			noted("2027-01-01", "7").warned("2026-12-31T23:00:00Z", "1"), nil},
		{"warned as late as can be", tell().noted("2028-01-01", "90").warned("2028-01-01T00:00:00Z", "31").noted("2028-01-01", "30").warned("2028-01-01T00:00:00Z", "30").
			noted("2028-01-01", "7").warned("2028-01-01T00:00:00Z", "7"), nil},
		{"warned twice", tell().noted("2027-01-01", "30").warned("2026-12-31T23:00:00Z", "30").warned("2026-12-31T23:00:00Z", "29"), []string{"licences.told"}},
		{"noted, not warned", tell().noted("2027-01-01", "30").warned("2027-12-31T23:00:00Z", "30").noted("2028-01-01", "30"), []string{"licences.told"}},
		{"warned, not noted", tell().warned("2026-12-31T23:00:00Z", "30"), []string{"licences.told"}},
	} {
		clean()
		hurt(t, database, c.story.rows)
		if broken := names(t, database, about); !slices.Equal(broken, c.want) {
			t.Errorf("%s: broken are %v, want %v", c.what, broken, c.want)
		}
	}
}

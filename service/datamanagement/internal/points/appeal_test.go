package points_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
)

// short is a webinar that one person watched for 40 of 60 minutes.
func (w *world) short() (webinar, person uuid.UUID) {
	w.t.Helper()
	webinar, person = w.webinar(began, 100), w.person()
	w.watched(webinar, person, began, 40)
	stop := w.start()
	w.ended(webinar)
	w.evaluated(webinar, 1)
	stop()
	return webinar, person
}

func as(account uuid.UUID) context.Context {
	return token.With(context.Background(), token.Claims{Account: account})
}

func (w *world) appeal(webinar, person uuid.UUID) string {
	w.t.Helper()
	answer, err := w.server().Appeal(as(person), &datamanagementpb.AppealRequest{RequestId: uuid.NewString(), WebinarId: webinar.String(), Reason: "connection"})
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.GetId()
}

// lastTwenty is the amendment that gives the last twenty minutes back.
func lastTwenty() *datamanagementpb.Amendment {
	return &datamanagementpb.Amendment{Watched: []*datamanagementpb.AmendedSpan{
		{From: timestamppb.New(began.Add(40 * time.Minute)), To: timestamppb.New(began.Add(time.Hour))},
	}}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	e := errs.Of(err)
	if len(e.Fields) > 0 {
		return e.Fields[0].Code
	}
	return e.Code
}

// From the appeal to the booking; each step twice, and the evidence of the room as it was.
func TestAppealIsBookedAsACorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, person := w.short()
	s, admin := w.server(), w.administrator()
	id := w.appeal(webinar, person)
	var before string
	if err := w.admin.QueryRow(t.Context(), `SELECT md5(r::text) FROM datamanagement.attendance_result r WHERE account_id = $1`, person).Scan(&before); err != nil {
		t.Fatal(err)
	}

	weighed, err := s.WeighAppeal(admin, &datamanagementpb.WeighAppealRequest{Id: id, Amendment: lastTwenty()})
	if err != nil || !weighed.GetQualified() || weighed.GetMore() != 100 || weighed.GetSeconds() != 3600 {
		t.Fatalf("weighed %v, %v", weighed, err)
	}
	decide := &datamanagementpb.DecideAppealRequest{RequestId: uuid.NewString(), Id: id, Grant: true, Amendment: lastTwenty(), Answer: "Our stream failed in your town."}
	for range 2 {
		if decided, err := s.DecideAppeal(admin, decide); err != nil || decided.GetMore() != 100 {
			t.Fatalf("decided %v, %v", decided, err)
		}
	}
	if n := w.count(`SELECT count(*) FROM datamanagement.booking WHERE account_id = $1`, person); n != 0 {
		t.Errorf("booked %d times before the agency accepted", n)
	}
	var request string
	if err := w.admin.QueryRow(t.Context(), `SELECT id FROM datamanagement.agency_request WHERE appeal_id = $1`, id).Scan(&request); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, _ = s.RecordAnswer(admin, accept(uuid.NewString(), request))
	}
	if n := w.count(`SELECT coalesce(sum(hundredths), 0) FROM datamanagement.booking WHERE account_id = $1 AND kind = 'correction'`, person); n != 100 {
		t.Errorf("%d hundredths booked, want 100", n)
	}
	if told := w.events("account/"+person.String(), "appeal.decided"); len(told) != 1 || !strings.Contains(string(told[0]), `"granted"`) {
		t.Errorf("told of the decision: %s", told)
	}
	if told := w.events("account/"+person.String(), "points.booked"); len(told) != 1 {
		t.Errorf("told of the booking %d times", len(told))
	}
	var after string
	if err := w.admin.QueryRow(t.Context(), `SELECT md5(r::text) FROM datamanagement.attendance_result r WHERE account_id = $1`, person).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if after != before {
		t.Error("the result itself was changed")
	}
	var evidence, kept []byte
	if err := w.admin.QueryRow(t.Context(), `SELECT evidence, credit FROM datamanagement.appeal WHERE id = $1`, id).Scan(&evidence, &kept); err != nil {
		t.Fatal(err)
	}
	var e credit.Evidence
	if err := json.Unmarshal(evidence, &e); err != nil {
		t.Fatal(err)
	}
	if c := credit.Evaluate(e); c.Points != credit.Point {
		t.Errorf("the amended evidence is worth %s points when it is computed again", c.Points)
	}

	_, err = s.Appeal(as(person), &datamanagementpb.AppealRequest{RequestId: uuid.NewString(), WebinarId: webinar.String(), Reason: "check"})
	if code(err) != "appeal.open" {
		t.Errorf("after it was granted: %v", err)
	}
	_, err = s.RequestCorrection(admin, &datamanagementpb.RequestCorrectionRequest{RequestId: uuid.NewString(), AppealId: id})
	if code(err) != "appeal.requested" {
		t.Errorf("asked for an accepted correction again: %v", err)
	}
}

// Of many who decide at once, one decides.
func TestAppealIsDecidedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, person := w.short()
	s, id := w.server(), w.appeal(webinar, person)
	admins := []context.Context{w.administrator(), w.administrator(), w.administrator(), w.administrator()}
	var mu sync.Mutex
	answers := map[string]int{}
	var all sync.WaitGroup
	for i, admin := range admins {
		all.Go(func() {
			_, err := s.DecideAppeal(admin, &datamanagementpb.DecideAppealRequest{
				RequestId: uuid.NewString(), Id: id, Grant: i%2 == 0, Amendment: lastTwenty(), Answer: "Decided.",
			})
			mu.Lock()
			defer mu.Unlock()
			answers[code(err)]++
		})
	}
	all.Wait()
	if answers[""] != 1 || answers["appeal.decided"] != 3 {
		t.Errorf("answers %v", answers)
	}
	if n := len(w.events("account/"+person.String(), "appeal.decided")); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// What the agency refused may be asked again; the points are booked once.
func TestCorrectionRefusedAndAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, person := w.short()
	s, admin, id := w.server(), w.administrator(), w.appeal(webinar, person)
	if _, err := s.DecideAppeal(admin, &datamanagementpb.DecideAppealRequest{RequestId: uuid.NewString(), Id: id, Grant: true, Amendment: lastTwenty(), Answer: "Yes."}); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		var line string
		err := w.admin.QueryRow(t.Context(), `SELECT string_agg(kind || ' ' || state || ' ' || hundredths, ', ' ORDER BY kind) FROM datamanagement.bff_ledger WHERE account_id = $1`, person).Scan(&line)
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	if got := state(); got != "correction sent 100, webinar missed 0" {
		t.Errorf("granted: %s", got)
	}
	var request string
	if err := w.admin.QueryRow(t.Context(), `SELECT id FROM datamanagement.agency_request WHERE appeal_id = $1`, id).Scan(&request); err != nil {
		t.Fatal(err)
	}
	_, err := s.RecordAnswer(admin, &datamanagementpb.RecordAnswerRequest{RequestId: uuid.NewString(), Id: request, Day: "2026-11-20", Answer: "Too late."})
	if err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "correction refused 100, webinar missed 0" {
		t.Errorf("refused: %s", got)
	}
	again, err := s.RequestCorrection(admin, &datamanagementpb.RequestCorrectionRequest{RequestId: uuid.NewString(), AppealId: id})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RecordAnswer(admin, accept(uuid.NewString(), again.GetId())); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "correction accepted 100, webinar missed 0" {
		t.Errorf("accepted: %s", got)
	}
}

// Two appeals of one day stay below its cap together, also when they are decided at once.
func TestAppealsStayBelowTheCapOfTheDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := w.person()
	var ids []string
	stop := w.start()
	for i := range 2 {
		start := began.Add(time.Duration(i*2) * time.Hour)
		webinar := w.webinar(start, 600)
		w.watched(webinar, person, start, 40)
		w.ended(webinar)
		w.evaluated(webinar, 1)
		ids = append(ids, w.appeal(webinar, person))
	}
	stop()
	s, admin := w.server(), w.administrator()
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() {
			start := began.Add(time.Duration(i*2) * time.Hour)
			_, err := s.DecideAppeal(admin, &datamanagementpb.DecideAppealRequest{
				RequestId: uuid.NewString(), Id: id, Grant: true, Answer: "Yes.",
				Amendment: &datamanagementpb.Amendment{Watched: []*datamanagementpb.AmendedSpan{{From: timestamppb.New(start), To: timestamppb.New(start.Add(time.Hour))}}},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.count(`SELECT sum(hundredths) FROM datamanagement.appeal WHERE account_id = $1`, person); n != 800 {
		t.Errorf("%d hundredths granted on a day whose cap is 800", n)
	}
}

// Who sat in two webinars at once gets that hour once, also when an appeal saves the one that was failed.
func TestAppealCountsAnHourOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed, person := w.short()
	passed := w.webinar(began, 100)
	w.watched(passed, person, began, 60)
	stop := w.start()
	w.ended(passed)
	w.evaluated(passed, 1)
	stop()
	if qualified, hundredths := w.result(passed, person); !qualified || hundredths != 100 {
		t.Fatalf("passed %v with %d", qualified, hundredths)
	}
	_, err := w.server().DecideAppeal(w.administrator(), &datamanagementpb.DecideAppealRequest{
		RequestId: uuid.NewString(), Id: w.appeal(failed, person), Grant: true, Amendment: lastTwenty(), Answer: "Our stream failed.",
	})
	if code(err) != "appeal.nothing" {
		t.Errorf("granted, though the hour counts elsewhere: %v", err)
	}
}

func TestAppealRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	webinar, person := w.short()
	s, admin := w.server(), w.administrator()
	ask := func(who context.Context, reason, words string) string {
		_, err := s.Appeal(who, &datamanagementpb.AppealRequest{RequestId: uuid.NewString(), WebinarId: webinar.String(), Reason: reason, Words: words})
		return code(err)
	}
	for want, got := range map[string]string{
		"appeal.reason":     ask(as(person), "bribe", ""),
		"appeal.words":      ask(as(person), "other", " \u202e "),
		"appeal.words_long": ask(as(person), "other", strings.Repeat("a", 1001)),
		"evidence.none":     ask(as(w.person()), "check", ""),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	about := func(from, to time.Duration) string {
		_, err := s.Appeal(as(person), &datamanagementpb.AppealRequest{
			RequestId: uuid.NewString(), WebinarId: webinar.String(), Reason: "check",
			Concerns: &datamanagementpb.AmendedSpan{From: timestamppb.New(began.Add(from)), To: timestamppb.New(began.Add(to))},
		})
		return code(err)
	}
	for _, span := range [][2]time.Duration{{-time.Second, time.Minute}, {time.Minute, 2 * time.Hour}, {time.Minute, time.Minute}} {
		if got := about(span[0], span[1]); got != "appeal.span" {
			t.Errorf("about %v: %q", span, got)
		}
	}
	if got := about(time.Minute, time.Hour); got != "" {
		t.Errorf("about a time within: %q", got)
	}
	w.exec(`DELETE FROM datamanagement.appeal WHERE concerns_to - concerns_from = '59 minutes'`)
	id := w.appeal(webinar, person)
	if got := ask(as(person), "check", ""); got != "appeal.open" {
		t.Errorf("a second one: %s", got)
	}
	outside := &datamanagementpb.Amendment{Watched: []*datamanagementpb.AmendedSpan{{From: timestamppb.New(began.Add(-time.Minute)), To: timestamppb.New(began)}}}
	decide := func(who context.Context, grant bool, a *datamanagementpb.Amendment, words string) string {
		_, err := s.DecideAppeal(who, &datamanagementpb.DecideAppealRequest{RequestId: uuid.NewString(), Id: id, Grant: grant, Amendment: a, Answer: words})
		return code(err)
	}
	for want, got := range map[string]string{
		"appeal.answer":  decide(admin, false, nil, " "),
		"appeal.nothing": decide(admin, true, nil, "Yes."),
		"appeal.span":    decide(admin, true, outside, "Yes."),
		"appeal.check":   decide(admin, true, &datamanagementpb.Amendment{VoidChecks: []int32{1}}, "Yes."), // it was answered
		"appeal.own":     decide(as(person), true, lastTwenty(), "To myself."),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	withdraw := func(who context.Context) string {
		_, err := s.WithdrawAppeal(who, &datamanagementpb.WithdrawAppealRequest{RequestId: uuid.NewString(), Id: id})
		return code(err)
	}
	if got := withdraw(as(w.person())); got != "appeal.none" {
		t.Errorf("another's appeal was withdrawn: %q", got)
	}
	for range 2 {
		if got := withdraw(as(person)); got != "" {
			t.Errorf("withdrawn: %s", got)
		}
	}
	if got := decide(admin, false, nil, "No."); got != "appeal.decided" {
		t.Errorf("a withdrawn one was decided: %q", got)
	}
	for range 4 {
		id = w.appeal(webinar, person)
		if got := withdraw(as(person)); got != "" {
			t.Fatal(got)
		}
	}
	if got := ask(as(person), "check", ""); got != "appeal.many" {
		t.Errorf("the sixth: %q", got)
	}
	w.exec(`DELETE FROM datamanagement.appeal`)
	w.exec(`UPDATE datamanagement.webinar SET ended_at = $1`, began.Add(-31*24*time.Hour))
	if got := ask(as(person), "check", ""); got != "appeal.late" {
		t.Errorf("after a month: %q", got)
	}
}

package webinar_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/saga"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar"
	"github.com/rounds-cme/rounds/service/scheduler"
)

// desk is the subdomain beside the real tables of the scheduler.
type desk struct {
	datamanagementpb.WebinarsServer

	t                  *testing.T
	db                 *dbtest.DB
	now                time.Time
	lecturer, category string
	work               []run.Work
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), saga.Schema(), datamanagement.Schema(), scheduler.Schema())
	pool, log := base.Pool("datamanagement"), slog.New(slog.DiscardHandler)
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	d := &desk{t: t, db: base, now: time.Date(2026, 10, 1, 18, 0, 0, 0, time.UTC), lecturer: id(), category: id()}
	s := webinar.New(&run.Deps{
		Name: "datamanagement", Now: func() time.Time { return d.now }, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, DB: pool,
		Events: eventlog.New(pool, log, prometheus.NewRegistry(), types), Log: log,
	}, activity.New("test"))
	d.work = s.Work
	d.WebinarsServer = s.RPC[0].Impl.(datamanagementpb.WebinarsServer) //nolint:forcetypeassert // it is what it registers
	d.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, d.category)
	d.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'host', 'Doc Host')`, d.lecturer)
	return d
}

func id() string { return uuid.NewString() }

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.db.Admin().Exec(d.t.Context(), sql, args...); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) person() context.Context {
	d.t.Helper()
	account := uuid.New()
	d.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, 'x', 'P', 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now())`,
		account, account.String()+"@example.org")
	return token.With(d.t.Context(), token.Claims{Account: account})
}

func (d *desk) count(sql string, args ...any) int {
	d.t.Helper()
	var n int
	if err := d.db.Admin().QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *desk) plan() *datamanagementpb.ScheduleWebinarRequest {
	return &datamanagementpb.ScheduleWebinarRequest{
		RequestId: id(), Title: " Sepsis:  the first hour ", Description: "**Act.** <script>x</script>", LecturerId: d.lecturer, CategoryId: d.category,
		Start: &datamanagementpb.LocalStart{Time: "2026-11-26T18:00", Zone: "Europe/Ljubljana"}, Minutes: 60, Hundredths: 150,
		VideoUrl: "/static/media/clip.mp4",
	}
}

func (d *desk) planned(who context.Context) string {
	d.t.Helper()
	answer, err := d.ScheduleWebinar(who, d.plan())
	if err != nil {
		d.t.Fatal(err)
	}
	return answer.GetId()
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	e := errs.Of(err)
	if err == nil {
		t.Errorf("want %s, got no error", code)
		return
	}
	if e.Code == code {
		return
	}
	for _, f := range e.Fields {
		if f.Code == code {
			return
		}
	}
	t.Errorf("want %s, got %v with %v", code, e, e.Fields)
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, q := d.person(), d.plan()
	first, err := d.ScheduleWebinar(admin, q)
	if err != nil {
		t.Fatal(err)
	}
	if first.GetSlug() != "sepsis-the-first-hour" {
		t.Errorf("slug %q", first.GetSlug())
	}
	again, err := d.ScheduleWebinar(admin, q)
	if err != nil || again.GetId() != first.GetId() {
		t.Errorf("the same request made another webinar: %v, %v", again, err)
	}
	other := d.plan()
	if second, err := d.ScheduleWebinar(admin, other); err != nil || second.GetSlug() == first.GetSlug() {
		t.Errorf("another webinar of that title: %v, %v", second, err)
	}
	at := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	for what, n := range map[string]int{
		`SELECT count(*) FROM scheduler.plan WHERE webinar_id = $1 AND starts_at = $2 AND minutes = 60 AND sequence = 1 AND NOT cancelled`: 1,
		`SELECT count(*) FROM scheduler.timer WHERE webinar_id = $1 AND state = 'waiting' AND due_at >= $2`:                                2,
		`SELECT count(*) FROM datamanagement.webinar w JOIN datamanagement.credit_rule r ON r.id = w.credit_rule_id
		 WHERE w.id = $1 AND starts_at = $2 AND w.title = 'Sepsis: the first hour' AND r.name = 'Standard live webinar'
		 AND description_html LIKE '%<strong>Act.</strong>%' AND description_html NOT LIKE '%script%'`: 1,
		`SELECT count(*) FROM eventlog.event WHERE type = 'webinar.scheduled' AND stream = 'webinar/' || $1::text AND $2::timestamptz IS NOT NULL`: 1,
	} {
		if got := d.count(what, first.GetId(), at); got != n {
			t.Errorf("%s: got %d, want %d", what, got, n)
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	for code, spoil := range map[string]func(*datamanagementpb.ScheduleWebinarRequest){
		"content.empty":      func(q *datamanagementpb.ScheduleWebinarRequest) { q.Title = " \x00 " },
		"content.too_long":   func(q *datamanagementpb.ScheduleWebinarRequest) { q.Description = strings.Repeat("ž", 8001) },
		"webinar.start":      func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Time = "tomorrow" },
		"form.zone":          func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Zone = "Middle/Earth" },
		"webinar.gap":        func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Time = "2027-03-28T02:30" },
		"webinar.overlap":    func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Time = "2026-10-25T02:30" },
		"webinar.past":       func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Time = "2026-10-01T20:00" },
		"webinar.far":        func(q *datamanagementpb.ScheduleWebinarRequest) { q.Start.Time = "2036-10-01T20:00" },
		"webinar.minutes":    func(q *datamanagementpb.ScheduleWebinarRequest) { q.Minutes = 721 },
		"webinar.step":       func(q *datamanagementpb.ScheduleWebinarRequest) { q.Hundredths = 33 },
		"webinar.points":     func(q *datamanagementpb.ScheduleWebinarRequest) { q.Hundredths = -1 },
		"webinar.video":      func(q *datamanagementpb.ScheduleWebinarRequest) { q.VideoUrl = "//evil.example/x.mp4" },
		"content.choice":     func(q *datamanagementpb.ScheduleWebinarRequest) { q.LecturerId = id() },
		"content.slug":       func(q *datamanagementpb.ScheduleWebinarRequest) { q.Slug = "No Slug" },
		"command.request_id": func(q *datamanagementpb.ScheduleWebinarRequest) { q.RequestId = "x" },
	} {
		q := d.plan()
		spoil(q)
		_, err := d.ScheduleWebinar(admin, q)
		refused(t, err, code)
	}
	if _, err := d.ScheduleWebinar(admin, &datamanagementpb.ScheduleWebinarRequest{}); errs.Of(err).Kind != errs.Invalid {
		t.Errorf("an empty plan: %v", err)
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.webinar`) + d.count(`SELECT count(*) FROM scheduler.plan`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestStartTwiceInANight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	for occurrence, want := range map[string]string{"first": "2026-10-25 00:30", "second": "2026-10-25 01:30"} {
		q := d.plan()
		q.Start = &datamanagementpb.LocalStart{Time: "2026-10-25T02:30", Zone: "Europe/Ljubljana", Occurrence: occurrence}
		answer, err := d.ScheduleWebinar(admin, q)
		if err != nil {
			t.Fatal(err)
		}
		if d.count(`SELECT count(*) FROM datamanagement.webinar WHERE id = $1 AND starts_at AT TIME ZONE 'UTC' = $2::timestamp`, answer.GetId(), want) != 1 {
			t.Errorf("the %s one does not start at %s UTC", occurrence, want)
		}
	}
}

func TestMoveAndCancel(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	webinar := d.planned(admin)
	move := &datamanagementpb.MoveWebinarRequest{
		RequestId: id(), Id: webinar, Version: 1, Start: &datamanagementpb.LocalStart{Time: "2026-11-27T19:00", Zone: "Europe/London"}, Minutes: 45,
	}
	for range 2 {
		if moved, err := d.MoveWebinar(admin, move); err != nil || moved.GetVersion() != 2 {
			t.Fatalf("moved to version %v, %v", moved, err)
		}
	}
	other := &datamanagementpb.MoveWebinarRequest{RequestId: move.GetRequestId(), Id: webinar, Version: 1, Start: move.GetStart(), Minutes: 50}
	_, err := d.MoveWebinar(admin, other)
	refused(t, err, "command.reused") // another wish under the same id is not lost without a word
	move.RequestId = id()
	_, err = d.MoveWebinar(admin, move)
	refused(t, err, "webinar.version")
	move.Version = 2
	if _, err := d.MoveWebinar(admin, move); err != nil {
		t.Fatal(err)
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'webinar.moved'`); n != 1 {
		t.Errorf("told %d times of one move", n)
	}
	if n := d.count(`SELECT count(*) FROM scheduler.timer WHERE state = 'waiting' AND sequence = 2 AND due_at >= '2026-11-27T19:00:00Z'`); n != 2 {
		t.Errorf("%d timers of the new plan", n)
	}
	if n := d.count(`SELECT count(*) FROM scheduler.timer WHERE state = 'waiting' AND sequence = 1`); n != 0 {
		t.Errorf("%d timers of the old plan", n)
	}
	_, err = d.CancelWebinar(admin, &datamanagementpb.CancelWebinarRequest{RequestId: id(), Id: webinar})
	refused(t, err, "content.empty")
	for range 2 {
		_, err = d.CancelWebinar(admin, &datamanagementpb.CancelWebinarRequest{RequestId: id(), Id: webinar, Reason: "The speaker is ill."})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'webinar.cancelled'`); n != 1 {
		t.Errorf("told %d times that it is cancelled", n)
	}
	if n := d.count(`SELECT count(*) FROM scheduler.timer WHERE state = 'waiting'`); n != 0 {
		t.Errorf("%d timers wait for a cancelled webinar", n)
	}
	move.RequestId, move.Version = id(), 0
	_, err = d.MoveWebinar(admin, move)
	refused(t, err, "webinar.not_planned")
	_, err = d.Subscribe(admin, &datamanagementpb.SubscribeRequest{RequestId: id(), Kind: "webinar", TargetId: webinar})
	refused(t, err, "content.none")
}

// TestMoveBeforeStart plays the race of a start that was claimed before a move and sets live after it.
func TestMoveBeforeStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	webinar := d.planned(admin)
	_, err := d.MoveWebinar(admin, &datamanagementpb.MoveWebinarRequest{
		RequestId: id(), Id: webinar, Start: &datamanagementpb.LocalStart{Time: "2026-11-27T19:00", Zone: "UTC"}, Minutes: 45,
	})
	if err != nil {
		t.Fatal(err)
	}
	for plan, want := range map[int]bool{1: false, 2: true} {
		var live bool
		tx, err := d.db.Pool("scheduler").Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRow(t.Context(), `SELECT datamanagement.webinar_set_live($1, $2, now())`, webinar, plan).Scan(&live); err != nil {
			t.Fatal(err)
		}
		if live != want {
			t.Errorf("plan %d made it live: %v", plan, live)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	webinar := d.planned(admin)
	edit := func(change func(*datamanagementpb.EditWebinarRequest)) error {
		q := &datamanagementpb.EditWebinarRequest{
			RequestId: id(), Id: webinar, Title: "T", Description: "D", LecturerId: d.lecturer, CategoryId: d.category, Hundredths: 150,
			VideoUrl: "https://video.example/live/index.m3u8?token=1",
		}
		change(q)
		_, err := d.EditWebinar(admin, q)
		return err
	}
	if err := edit(func(q *datamanagementpb.EditWebinarRequest) { q.Version, q.Hundredths = 1, 200 }); err != nil {
		t.Error(err)
	}
	refused(t, edit(func(q *datamanagementpb.EditWebinarRequest) { q.Version = 1 }), "webinar.version")
	refused(t, edit(func(q *datamanagementpb.EditWebinarRequest) { q.Hundredths = 125 }), "webinar.step")
	refused(t, edit(func(q *datamanagementpb.EditWebinarRequest) { q.Id = id() }), "content.none")
	refused(t, edit(func(q *datamanagementpb.EditWebinarRequest) { q.Id = "'; --" }), "content.none")
	d.exec(`UPDATE datamanagement.webinar SET state = 'live', started_at = now(), frozen_rule = '{}'`)
	refused(t, edit(func(*datamanagementpb.EditWebinarRequest) {}), "webinar.fixed")
	if err := edit(func(q *datamanagementpb.EditWebinarRequest) { q.Hundredths, q.Title = 200, "Corrected" }); err != nil {
		t.Error(err)
	}
}

func TestRuleVersions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin := d.person()
	rule := func(change func(*datamanagementpb.SaveCreditRuleRequest)) (*datamanagementpb.SaveCreditRuleResponse, error) {
		q := &datamanagementpb.SaveCreditRuleRequest{
			RequestId: id(), Name: "Short", MinPercent: 80, MinChecksPercent: 75, ChecksPerHour: 6, CheckWindow: 75, ReconnectGrace: 60,
			Award: "event", MinutesPerPoint: 60, CreditStep: 50, DailyCap: 800,
		}
		change(q)
		return d.SaveCreditRule(admin, q)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := rule(func(*datamanagementpb.SaveCreditRuleRequest) {}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := d.count(`SELECT count(*) FROM datamanagement.credit_rule WHERE name = 'Short' AND version BETWEEN 1 AND 8 AND (rule->>'version')::int = version`); n != 8 {
		t.Errorf("%d versions of eight", n)
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.credit_rule WHERE name = 'Short' AND rule->>'reconnect_percent' = '10'`); n != 8 {
		t.Errorf("who says nothing of gaps gets the usual share in %d versions of eight", n)
	}
	_, err := rule(func(q *datamanagementpb.SaveCreditRuleRequest) { q.ReconnectPercent = proto.Int32(101) })
	refused(t, err, "rule.range")
	_, err = rule(func(q *datamanagementpb.SaveCreditRuleRequest) { q.MinPercent = 101 })
	refused(t, err, "rule.range")
	_, err = rule(func(q *datamanagementpb.SaveCreditRuleRequest) { q.Award = "prize" })
	refused(t, err, "content.choice")
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	admin, member := d.person(), d.person()
	webinar := d.planned(admin)
	for kind, target := range map[string]string{"webinar": webinar, "category": d.category, "lecturer": d.lecturer} {
		for range 2 {
			if _, err := d.Subscribe(member, &datamanagementpb.SubscribeRequest{RequestId: id(), Kind: kind, TargetId: target}); err != nil {
				t.Error(err)
			}
		}
		_, err := d.Subscribe(member, &datamanagementpb.SubscribeRequest{RequestId: id(), Kind: kind, TargetId: id()})
		refused(t, err, "content.none")
	}
	_, err := d.Subscribe(member, &datamanagementpb.SubscribeRequest{RequestId: id(), Kind: "person", TargetId: id()})
	refused(t, err, "content.choice")
	if n := d.count(`SELECT count(*) FROM datamanagement.subscription`); n != 3 {
		t.Errorf("%d subscriptions of three", n)
	}
	for range 2 {
		if _, err := d.Unsubscribe(member, &datamanagementpb.UnsubscribeRequest{RequestId: id(), Kind: "webinar", TargetId: webinar}); err != nil {
			t.Error(err)
		}
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.subscription`); n != 2 {
		t.Errorf("%d subscriptions of two", n)
	}
	if n := d.count(`SELECT count(*) FROM queue.message WHERE queue = 'activity'`); n != 4 {
		t.Errorf("the statistics hear of %d, want 3 that began and 1 that ended", n)
	}
	d.exec(`INSERT INTO datamanagement.subscription SELECT account_id, 'webinar', gen_random_uuid(), now() FROM datamanagement.subscription,
		generate_series(1, 998) WHERE kind = 'category'`)
	_, err = d.Subscribe(member, &datamanagementpb.SubscribeRequest{RequestId: id(), Kind: "webinar", TargetId: webinar})
	refused(t, err, "subscription.many")
}

// TestRulesCanBeRead reads what is stored back with the package that judges by it.
func TestRulesCanBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.SaveCreditRule(d.person(), &datamanagementpb.SaveCreditRuleRequest{
		RequestId: id(), Name: "By time", MinPercent: 60, MinChecksPercent: 50, ChecksPerHour: 4, CheckWindow: 60, ReconnectGrace: 30,
		ReconnectPercent: proto.Int32(25), Award: "time", MinutesPerPoint: 45, CreditStep: 25, DailyCap: 600,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]credit.Rule{
		"Standard live webinar": {
			Version: 1, MinPercent: 80, MinChecksPercent: 75, ChecksPerHour: 3, CheckWindow: 75, ReconnectGrace: 60, ReconnectPercent: 10, QuizPassPercent: 70,
			Award: credit.AwardEvent, MinutesPerPoint: 60, CreditStep: 50, DailyCap: 800,
		},
		"By time": {
			Version: 1, MinPercent: 60, MinChecksPercent: 50, ChecksPerHour: 4, CheckWindow: 60, ReconnectGrace: 30, ReconnectPercent: 25, QuizPassPercent: 70,
			Award: credit.AwardTime, MinutesPerPoint: 45, CreditStep: 25, DailyCap: 600,
		},
	} {
		var text []byte
		if err := d.db.Admin().QueryRow(t.Context(), `SELECT rule FROM datamanagement.credit_rule WHERE name = $1`, name).Scan(&text); err != nil {
			t.Fatal(err)
		}
		if got, err := credit.ParseRule(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v", name, got, err)
		}
	}
}

package preference_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/preference"
)

// now is a Tuesday in winter; clocks in Ljubljana are an hour ahead.
var now = time.Date(2026, 11, 24, 21, 30, 0, 0, time.UTC) //nolint:gochecknoglobals // A constant that Go cannot write as one.

const secret = "the key of the links"

// house is data management behind its contract, with one member, one category and one lecturer.
type house struct {
	t                          *testing.T
	wishes                     datamanagementpb.PreferencesClient
	admin                      *pgxpool.Pool
	signer                     *token.Signer
	check                      *token.Verifier
	member, category, lecturer uuid.UUID
}

func build(t *testing.T) *house {
	t.Helper()
	data := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	h := &house{
		t: t, admin: data.Admin(), signer: token.NewSigner(keys, time.Now), check: token.NewVerifier(filepath.Join(keys, token.PublicFile), time.Now),
		member: uuid.New(), category: uuid.New(), lecturer: uuid.New(),
	}
	quiet, pool := slog.New(slog.DiscardHandler), data.Pool("datamanagement")
	s, err := datamanagement.New(&run.Deps{
		Name: "datamanagement", Now: func() time.Time { return now }, NewID: uuid.New, Log: quiet, Metrics: prometheus.NewRegistry(), DB: pool,
		Events: eventlog.New(pool, quiet, prometheus.NewRegistry(), eventlog.Types{}), Tokens: h.check,
		Dial: rpc.NewDialer("datamanagement", rpc.NewLocal(), nil).Dial,
	}, datamanagement.Config{OptoutKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	local := rpc.NewLocal("datamanagement")
	server := rpc.NewServer(rpc.Options{Name: "datamanagement", Log: quiet, Metrics: prometheus.NewRegistry(), Tokens: h.check}, s.RPC...)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(local.Listener("datamanagement")) })
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	h.wishes = datamanagementpb.NewPreferencesClient(rpc.NewDialer("bff", local, nil).Dial("datamanagement"))
	h.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at) VALUES ($1, 'ana@example.org', '', 'Ana', 'physician', '1', 'SI', 'sl',
		'Europe/Ljubljana', 'approved', '1', now(), now(), now())`, h.member)
	h.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, h.category)
	h.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'nika', 'Dr Nika Zgled')`, h.lecturer)
	return h
}

func (h *house) exec(statement string, arguments ...any) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), statement, arguments...); err != nil {
		h.t.Fatal(err)
	}
}

// me is a context in which the member asks.
func (h *house) me() context.Context {
	h.t.Helper()
	raw, err := h.signer.Sign(token.Claims{Account: h.member, Session: uuid.New(), Roles: []string{token.Member}, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		h.t.Fatal(err)
	}
	claims, err := h.check.Verify(raw)
	if err != nil {
		h.t.Fatal(err)
	}
	return token.With(h.t.Context(), claims)
}

// kept is what stands in the table, a line each.
func (h *house) kept() string {
	h.t.Helper()
	var lines string
	err := h.admin.QueryRow(h.t.Context(), `SELECT coalesce(string_agg(topic || ' ' || channel || CASE WHEN target_id = $1 THEN ' heart'
		WHEN target_id = $2 THEN ' nika' ELSE '' END || ' ' || enabled, ', ' ORDER BY topic, target_id, channel), '') FROM datamanagement.preference`,
		h.category, h.lecturer).Scan(&lines)
	if err != nil {
		h.t.Fatal(err)
	}
	return lines
}

func page(choices ...*datamanagementpb.TopicChoice) *datamanagementpb.SavePreferencesRequest {
	return &datamanagementpb.SavePreferencesRequest{RequestId: uuid.NewString(), Choices: choices, ArticleDigest: "off"}
}

func choice(topic, channel string, on bool) *datamanagementpb.TopicChoice {
	return &datamanagementpb.TopicChoice{Topic: topic, Channel: channel, On: on}
}

func TestOnlyWhatWasSaidNoToIsKept(t *testing.T) {
	t.Parallel()
	h := build(t)
	save := func(q *datamanagementpb.SavePreferencesRequest) {
		t.Helper()
		if _, err := h.wishes.SavePreferences(h.me(), q); err != nil {
			t.Fatal(err)
		}
	}
	first := page(choice("article", "email", false), choice("article", "site", true), choice("points", "push", false))
	first.QuietFrom, first.QuietTo, first.ArticleDigest = "22:00", "06:30", "weekly"
	save(first)
	save(first) // a second click
	if got := h.kept(); got != "article email false, points push false" {
		t.Errorf("kept: %s", got)
	}
	var setting string
	const read = `SELECT coalesce(quiet_from || '-' || quiet_to, 'none') || ' ' || article_digest FROM datamanagement.notification_setting`
	if err := h.admin.QueryRow(t.Context(), read).Scan(&setting); err != nil || setting != "1320-390 weekly" {
		t.Errorf("%s, %v", setting, err)
	}
	save(page(choice("article", "email", true)))
	if got := h.kept(); got != "points push false" {
		t.Errorf("kept: %s", got)
	}
	if err := h.admin.QueryRow(t.Context(), read).Scan(&setting); err != nil || setting != "none off" {
		t.Errorf("%s, %v", setting, err)
	}
}

func TestWhatCannotBeChosenIsSaidBesideItsField(t *testing.T) {
	t.Parallel()
	h := build(t)
	for name, c := range map[string]struct {
		q           *datamanagementpb.SavePreferencesRequest
		field, code string
	}{
		"a change that reaches nobody": {page(choice("change", "site", false), choice("change", "email", false)), "change", "preference.change"},
		"a topic of nobody":            {page(choice("gossip", "site", false)), "topic", "content.choice"},
		"a channel of nobody":          {page(choice("points", "pigeon", false)), "channel", "content.choice"},
		"no digest":                    {&datamanagementpb.SavePreferencesRequest{RequestId: uuid.NewString(), ArticleDigest: "hourly"}, "article_digest", "content.choice"},
		"half of quiet hours":          {&datamanagementpb.SavePreferencesRequest{RequestId: uuid.NewString(), ArticleDigest: "off", QuietFrom: "22:00"}, "quiet_to", "preference.quiet"},
		"no time of day":               {&datamanagementpb.SavePreferencesRequest{RequestId: uuid.NewString(), ArticleDigest: "off", QuietFrom: "25:00", QuietTo: "06:00"}, "quiet_from", "preference.quiet"},
		"quiet for ever":               {&datamanagementpb.SavePreferencesRequest{RequestId: uuid.NewString(), ArticleDigest: "off", QuietFrom: "06:00", QuietTo: "06:00"}, "quiet_to", "preference.quiet_same"},
	} {
		_, err := h.wishes.SavePreferences(h.me(), c.q)
		if e := errs.Of(errs.FromStatus(err)); len(e.Fields) != 1 || e.Fields[0].Name != c.field || e.Fields[0].Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.kept(); got != "" {
		t.Errorf("kept all the same: %s", got)
	}
	// One of the two is enough; and then it is the one that has to stay.
	if _, err := h.wishes.SavePreferences(h.me(), page(choice("change", "site", false))); err != nil {
		t.Fatal(err)
	}
	_, err := h.wishes.SavePreferences(h.me(), page(choice("change", "email", false)))
	if e := errs.Of(errs.FromStatus(err)); len(e.Fields) != 1 || e.Fields[0].Code != "preference.change" {
		t.Errorf("both are off, one after the other: %v", err)
	}
}

// TestNoMoreChoicesThanThereAre has each topic chosen on each channel, and once more.
func TestNoMoreChoicesThanThereAre(t *testing.T) {
	t.Parallel()
	h := build(t)
	var all []*datamanagementpb.TopicChoice
	for _, topic := range preference.Topics() {
		for _, channel := range preference.Channels() {
			all = append(all, choice(topic, channel, true))
		}
	}
	if _, err := h.wishes.SavePreferences(h.me(), page(all...)); err != nil {
		t.Fatal(err)
	}
	_, err := h.wishes.SavePreferences(h.me(), page(append(all, choice("article", "email", false))...))
	if code := errs.Of(errs.FromStatus(err)).Code; code != "preference.choices" {
		t.Errorf("one choice too many is answered with %q", code)
	}
}

func TestPauseEndsAtTheBeginningOfADayInOnesOwnZone(t *testing.T) {
	t.Parallel()
	h := build(t)
	a, err := h.wishes.PauseNotifications(h.me(), &datamanagementpb.PauseNotificationsRequest{RequestId: uuid.NewString(), Until: "2027-07-01"})
	if want := time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC); err != nil || !a.GetPausedUntil().AsTime().Equal(want) {
		t.Errorf("%v, %v; want %s, which is midnight in Ljubljana", a, err, want)
	}
	for until, code := range map[string]string{
		"tomorrow": "preference.pause_day", "2026-11-24": "preference.pause_past", "2027-12-24": "preference.pause_long",
	} {
		_, err := h.wishes.PauseNotifications(h.me(), &datamanagementpb.PauseNotificationsRequest{RequestId: uuid.NewString(), Until: until})
		if e := errs.Of(errs.FromStatus(err)); len(e.Fields) != 1 || e.Fields[0].Code != code {
			t.Errorf("%s: %v", until, err)
		}
	}
	if a, err := h.wishes.PauseNotifications(h.me(), &datamanagementpb.PauseNotificationsRequest{RequestId: uuid.NewString()}); err != nil || a.GetPausedUntil() != nil {
		t.Errorf("the pause does not end: %v, %v", a, err)
	}
}

// code is what is wrong: with the one field, or with all.
func code(err error) string {
	e := errs.Of(err)
	if len(e.Fields) == 1 {
		return e.Fields[0].Code
	}
	return e.Code
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	h := build(t)
	except := func(topic string, target uuid.UUID, channel, choice string) error {
		_, err := h.wishes.Except(h.me(), &datamanagementpb.ExceptRequest{
			RequestId: uuid.NewString(), Topic: topic, TargetId: target.String(), Channel: channel, Choice: choice,
		})
		return errs.FromStatus(err)
	}
	for _, one := range []struct {
		topic   string
		target  uuid.UUID
		channel string
		choice  string
		want    string // kept afterwards, or the code of an error
	}{
		{"article", h.category, "email", "off", "article email heart false"},
		{"article", h.category, "email", "on", "article email heart true"},
		{"article", h.category, "email", "topic", ""},
		{"article", h.category, "email", "topic", ""},
		{"webinar", h.lecturer, "push", "off", "webinar push nika false"},
		{"article", h.lecturer, "email", "off", "content.none"}, // articles have no lecturer
		{"points", h.category, "email", "off", "content.none"},
		{"webinar", uuid.New(), "email", "off", "content.none"},
		{"webinar", h.lecturer, "email", "maybe", "content.choice"},
		{"change", h.lecturer, "site", "off", "change site nika false, webinar push nika false"},
		{"change", h.lecturer, "email", "off", "preference.change"},
	} {
		got := h.kept
		if err := except(one.topic, one.target, one.channel, one.choice); err != nil {
			got = func() string { return code(err) }
		}
		if got() != one.want {
			t.Errorf("%+v: %q", one, got())
		}
	}
	h.exec(`INSERT INTO datamanagement.preference SELECT $1, 'webinar', gen_random_uuid(), 'email', false, now() FROM generate_series(1, 200)`, h.member)
	if err := except("webinar", h.category, "email", "off"); !errs.HasCode(err, "preference.many") {
		t.Errorf("%v", err)
	}
}

func TestLinksOfMailsStopOneThing(t *testing.T) {
	t.Parallel()
	h := build(t)
	key := optout.New(secret)
	for _, c := range []struct {
		name                 string
		topic                string
		target               uuid.UUID
		stopped, again, kind string
	}{
		{"a topic", "points", uuid.Nil, "points email false", "", ""},
		{"articles of a category", "article", h.category, "article email heart false", "article email heart true", "category"},
		{"webinars of a lecturer", "webinar", h.lecturer, "webinar email nika false", "webinar email nika true", "lecturer"},
		{"what is gone meanwhile", "webinar", uuid.New(), "webinar email false", "webinar email true", ""},
	} {
		h.exec(`DELETE FROM datamanagement.preference`)
		raw := key.Sign(optout.Choice{Account: h.member, Topic: c.topic, Target: c.target, Channel: "email"})
		shown, err := h.wishes.ShowOptout(t.Context(), &datamanagementpb.ShowOptoutRequest{Token: raw})
		if s := shown.GetScope(); err != nil || s.GetStopped() || s.GetMaskedEmail() != "a…@example.org" || s.GetTargetKind() != c.kind || s.GetTopic() != c.topic || h.kept() != "" {
			t.Errorf("%s: shown %v, %v", c.name, s, err)
		}
		for range 3 { // mail programs ask again, and so do people
			done, err := h.wishes.Optout(t.Context(), &datamanagementpb.OptoutRequest{Token: raw})
			if err != nil || !done.GetScope().GetStopped() || h.kept() != c.stopped {
				t.Errorf("%s: stopped %v, %v; kept %s", c.name, done, err, h.kept())
			}
		}
		undone, err := h.wishes.UndoOptout(t.Context(), &datamanagementpb.UndoOptoutRequest{Token: raw})
		if err != nil || undone.GetScope().GetStopped() || h.kept() != c.again {
			t.Errorf("%s: undone %v, %v; kept %s", c.name, undone, err, h.kept())
		}
	}
}

// Who presses the button gets no more mails, and still hears that a webinar does not take place.
func TestChangesGoToTheSiteWhenTheirMailsAreStopped(t *testing.T) {
	t.Parallel()
	h := build(t)
	if _, err := h.wishes.SavePreferences(h.me(), page(choice("change", "site", false))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target uuid.UUID
		want   string
	}{
		{h.lecturer, "change site false, change email nika false, change site nika true"},
		{uuid.Nil, "change email false, change email nika false, change site nika true"},
	} {
		raw := optout.New(secret).Sign(optout.Choice{Account: h.member, Topic: "change", Target: c.target, Channel: "email"})
		done, err := h.wishes.Optout(t.Context(), &datamanagementpb.OptoutRequest{Token: raw})
		if err != nil || !done.GetScope().GetStopped() || !done.GetScope().GetOnSiteInstead() || h.kept() != c.want {
			t.Errorf("%s: %v, %v; kept %s", c.target, done, err, h.kept())
		}
	}
}

func TestForeignTokensSayNothing(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := optout.Choice{Account: h.member, Topic: "points", Channel: "email"}
	other, gossip, nobody := optout.New("other").Sign(c), c, c
	gossip.Topic, nobody.Account = "gossip", uuid.New()
	closed := uuid.New()
	h.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at) VALUES ($1, 'bor@example.org', '', 'Bor', 'physician', '2', 'SI', 'sl',
		'Europe/Ljubljana', 'closed', '1', now(), now(), now())`, closed)
	gone := c
	gone.Account = closed
	for name, raw := range map[string]string{
		"nothing": "", "no token": "x", "of another key": other, "for another topic": optout.New(secret).Sign(gossip),
		"for nobody": optout.New(secret).Sign(nobody), "for a closed account": optout.New(secret).Sign(gone),
	} {
		_, shown := h.wishes.ShowOptout(t.Context(), &datamanagementpb.ShowOptoutRequest{Token: raw})
		_, done := h.wishes.Optout(t.Context(), &datamanagementpb.OptoutRequest{Token: raw})
		_, undone := h.wishes.UndoOptout(t.Context(), &datamanagementpb.UndoOptoutRequest{Token: raw})
		for _, err := range []error{shown, done, undone} {
			if e := errs.Of(errs.FromStatus(err)); e.Code != "optout.token" || e.Kind != errs.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got := h.kept(); got != "" {
		t.Errorf("kept: %s", got)
	}
}

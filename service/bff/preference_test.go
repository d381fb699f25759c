package bff_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// wishing is the bff over real views, with every peer missing.
func wishing(t *testing.T) (impl bffpb.PreferencesServer, database *dbtest.DB) {
	t.Helper()
	database = dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: database.Pool("bff"), BaseURL: "http://localhost", Dial: rpc.NewDialer("bff", rpc.NewLocal(), nil).Dial,
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if found, ok := r.Impl.(bffpb.PreferencesServer); ok {
			return found, database
		}
	}
	t.Fatal("the bff does not serve preferences")
	return nil, nil
}

// TestPreferences reads what is kept as the page needs it; data management is down, and is what would have to save.
func TestPreferences(t *testing.T) {
	t.Parallel()
	impl, database := wishing(t)
	ana, category, webinar := uuid.New(), uuid.New(), uuid.New()
	exec := func(statement string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(t.Context(), statement, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at) VALUES ($1, 'ana@example.org', '', 'Ana', 'physician', '1', 'SI', 'sl',
		'Europe/London', 'approved', '1', now(), now(), now())`, ana)
	ctx := token.With(context.Background(), token.Claims{Account: ana})
	show := func() *bffpb.PreferencesShowResponse {
		t.Helper()
		a, err := impl.Show(ctx, &bffpb.PreferencesShowRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}

	a := show()
	for _, c := range a.GetChoices() {
		if !c.GetOn() {
			t.Errorf("%s by %s is off before anything was chosen", c.GetTopic(), c.GetChannel())
		}
	}
	if len(a.GetChoices()) != 18 || a.GetArticleDigest() != "off" || a.GetZone() != "Europe/London" || a.GetQuietFrom() != "" || a.GetPausedUntil() != nil {
		t.Errorf("%v", a)
	}

	exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, category)
	exec(`INSERT INTO datamanagement.preference VALUES ($1, 'points', $2, 'push', false, now()), ($1, 'article', $3, 'email', false, now()),
		($1, 'webinar', $4, 'site', true, now())`, ana, uuid.Nil, category, webinar)
	exec(`INSERT INTO datamanagement.notification_setting VALUES ($1, 1320, 5, 'weekly', now() + interval '1 day', now())`, ana)
	a = show()
	for _, c := range a.GetChoices() {
		if want := c.GetTopic() != "points" || c.GetChannel() != "push"; c.GetOn() != want {
			t.Errorf("%s by %s: %t", c.GetTopic(), c.GetChannel(), c.GetOn())
		}
	}
	if a.GetQuietFrom() != "22:00" || a.GetQuietTo() != "00:05" || a.GetArticleDigest() != "weekly" || !a.GetPausedUntil().AsTime().After(time.Now()) {
		t.Errorf("%v", a)
	}
	if x := a.GetExceptions(); len(x) != 2 || x[0].GetNameSl() != "Srce" || x[0].GetTargetKind() != "category" || x[0].GetOn() || x[1].GetTargetKind() != "" || !x[1].GetOn() {
		t.Errorf("exceptions %v", x)
	}
	exec(`UPDATE datamanagement.notification_setting SET paused_until = now() - interval '1 minute'`)
	if until := show().GetPausedUntil(); until != nil {
		t.Errorf("still paused until %s", until.AsTime())
	}

	gone := token.With(context.Background(), token.Claims{Account: uuid.New()})
	if _, err := impl.Show(gone, &bffpb.PreferencesShowRequest{}); !errs.HasCode(err, "account.none") {
		t.Errorf("got %v", err)
	}
	_, saved := impl.Save(ctx, &bffpb.PreferencesSaveRequest{})
	_, paused := impl.Pause(ctx, &bffpb.PreferencesPauseRequest{})
	_, excepted := impl.Except(ctx, &bffpb.PreferencesExceptRequest{})
	_, shown := impl.ShowOptout(ctx, &bffpb.ShowOptoutRequest{})
	_, stopped := impl.Optout(ctx, &bffpb.OptoutRequest{})
	_, undone := impl.UndoOptout(ctx, &bffpb.UndoOptoutRequest{})
	for i, err := range []error{saved, paused, excepted, shown, stopped, undone} {
		if errs.KindOf(errs.FromStatus(err)) != errs.Unavailable {
			t.Errorf("%s: %v", fmt.Sprint("call ", i), err)
		}
	}
}

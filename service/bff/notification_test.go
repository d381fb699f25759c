package bff_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// told is the bff over real views, with every peer missing.
func told(t *testing.T) (bffpb.NotificationsServer, *dbtest.DB) {
	t.Helper()
	return subject[bffpb.NotificationsServer](t)
}

// subject is one of the things that the bff serves, over real views, with every peer missing.
func subject[S any](t *testing.T) (S, *dbtest.DB) {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), notificationcenter.Schema())
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: database.Pool("bff"), BaseURL: "http://localhost", Dial: rpc.NewDialer("bff", rpc.NewLocal(), nil).Dial,
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if impl, ok := r.Impl.(S); ok {
			return impl, database
		}
	}
	t.Fatalf("the bff does not serve %T", *new(S))
	return *new(S), nil
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	impl, database := told(t)
	ana, bor := uuid.New(), uuid.New()
	newest, bors := fill(t, database, ana, bor)
	ctx := token.With(context.Background(), token.Claims{Account: ana})

	var texts []string
	in := &bffpb.NotificationsListRequest{PageSize: 10}
	for {
		page, err := impl.List(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if page.GetUnseen() != 15 {
			t.Fatalf("%d unseen, want 15", page.GetUnseen())
		}
		for _, n := range page.GetNotifications() {
			texts = append(texts, n.GetText())
		}
		if in.PageToken = page.GetNextPageToken(); in.GetPageToken() == "" {
			break
		}
	}
	slices.Sort(texts)
	if all := slices.Compact(slices.Clone(texts)); len(texts) != 25 || len(all) != 25 {
		t.Fatalf("the pages give %d notifications, %d different ones; want each of 25 once", len(texts), len(all))
	}

	if n, err := impl.Get(ctx, &bffpb.NotificationsGetRequest{NotificationId: newest.String()}); err != nil || n.GetPath() != "/articles/a" {
		t.Fatalf("%v, %v", n, err)
	}
	for id, code := range map[string]string{bors.String(): "notification.not_found", uuid.NewString(): "notification.not_found", "x": "notification.id"} {
		if _, err := impl.Get(ctx, &bffpb.NotificationsGetRequest{NotificationId: id}); !errs.HasCode(err, code) {
			t.Errorf("%s: got %v, want %s", id, err, code)
		}
	}
	if _, err := impl.List(ctx, &bffpb.NotificationsListRequest{PageToken: "nonsense"}); !errs.HasCode(err, "page.token") {
		t.Errorf("got %v", err)
	}
	// The notification center is down: marking says so, reading goes on.
	if _, err := impl.MarkSeen(ctx, &bffpb.NotificationsMarkSeenRequest{}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
}

// fill gives two people 25 notifications each, of which 15 are unseen, two in each second; it returns the last of each.
func fill(t *testing.T, database *dbtest.DB, ana, bor uuid.UUID) (anas, bors uuid.UUID) {
	t.Helper()
	now := time.Now()
	for i := range 25 {
		var seen *time.Time
		if i < 10 {
			seen = &now
		}
		anas, bors = uuid.New(), uuid.New()
		for account, id := range map[uuid.UUID]uuid.UUID{ana: anas, bor: bors} {
			_, err := database.Admin().Exec(context.Background(), `INSERT INTO notificationcenter.notification
				(id, account_id, kind, text, path, created_at, seen_at) VALUES ($1, $2, 'article.published', $3, '/articles/a', $4, $5)`,
				id, account, fmt.Sprint(i), now.Add(time.Duration(i/2)*time.Second-time.Minute), seen)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return anas, bors
}

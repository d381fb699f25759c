package bff_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// TestDeliveriesAreOnesOwn pages through what became of a person's messages: all of them, once each, nobody else's.
func TestDeliveriesAreOnesOwn(t *testing.T) {
	t.Parallel()
	impl, database := subject[bffpb.DeliveriesServer](t)
	ana, bor, at := uuid.New(), uuid.New(), time.Now().Truncate(time.Second)
	exec := func(query string, arguments ...any) {
		t.Helper()
		if _, err := database.Admin().Exec(t.Context(), query, arguments...); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		for _, account := range []uuid.UUID{ana, bor} {
			exec(`INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at, address) VALUES ($1, $2, 'email', 'article.published', 'sent', 1, $3, 'a@b')`,
				uuid.New(), account, at.Add(-time.Duration(i/2)*time.Minute)) // two at one moment
		}
	}
	exec(`INSERT INTO notificationcenter.delivery (id, account_id, channel, kind, state, attempts, at, until, expires_at)
		VALUES ($1, $2, 'email', 'webinar.reminder', 'waiting', 0, $3, now() - interval '2 minutes', now() - interval '1 minute')`, uuid.New(), ana, at.Add(-time.Hour))
	exec(`INSERT INTO notificationcenter.suppression (address, scope, account_id, cause, reason, at) VALUES ('ana@b', 'all', $1, 'bounce', 'no', now()), ('bor@b', 'all', $2, 'bounce', 'no', now())`, ana, bor)
	ctx := token.With(context.Background(), token.Claims{Account: ana})
	seen, states := map[string]bool{}, map[string]int{}
	for in := (&bffpb.DeliveriesListRequest{PageSize: 2}); ; {
		page, err := impl.List(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.GetSuppressions()) != 1 || page.GetSuppressions()[0].GetAddress() != "ana@b" {
			t.Fatalf("suppressions %v", page.GetSuppressions())
		}
		for _, d := range page.GetDeliveries() {
			seen[d.GetDeliveryId()] = true
			states[d.GetState()]++
		}
		if in.PageToken = page.GetNextPageToken(); in.GetPageToken() == "" {
			break
		}
	}
	// What waited until it was too late has expired, though nobody came to say so.
	if len(seen) != 6 || states["sent"] != 5 || states["expired"] != 1 {
		t.Errorf("%d deliveries, %v", len(seen), states)
	}
	if _, err := impl.List(ctx, &bffpb.DeliveriesListRequest{PageToken: "x"}); !errs.HasCode(err, "page.token") {
		t.Errorf("got %v", err)
	}
	if _, err := impl.Lift(ctx, &bffpb.DeliveriesLiftRequest{Address: "ana@b"}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("without the notification center: %v", err)
	}
}

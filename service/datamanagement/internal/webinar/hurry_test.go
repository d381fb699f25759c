package webinar_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// as is a person with a role, or the lecturer.
func as(ctx context.Context, account uuid.UUID, roles ...string) context.Context {
	return token.With(ctx, token.Claims{Account: account, Roles: roles})
}

func TestBeginEarly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	webinar := d.planned(d.person())
	begin := func(ctx context.Context) error {
		_, err := d.BeginWebinar(ctx, &datamanagementpb.BeginWebinarRequest{RequestId: id(), Id: webinar})
		return err
	}
	start := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	host := as(t.Context(), uuid.New(), "member", "host")

	d.now = start.Add(-5 * time.Minute)
	refused(t, begin(as(t.Context(), uuid.New(), "member")), "room.hosts")
	d.now = start.Add(-15*time.Minute - time.Second)
	refused(t, begin(host), "webinar.too_early")
	if d.count(`SELECT count(*) FROM scheduler.timer WHERE kind = 'start' AND due_at = $1`, start) != 1 {
		t.Error("a refused wish moved the start")
	}

	d.now = start.Add(-15 * time.Minute)
	for range 2 {
		if err := begin(host); err != nil {
			t.Fatal(err)
		}
	}
	if d.count(`SELECT count(*) FROM scheduler.timer WHERE kind = 'start' AND due_at = $1`, d.now) != 1 {
		t.Error("the start is not due now")
	}
	if d.count(`SELECT count(*) FROM scheduler.timer WHERE kind = 'end' AND due_at = $1`, start.Add(time.Hour)) != 1 {
		t.Error("the planned end moved with the start")
	}
}

func TestEndEarly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	webinar, lecturer := d.planned(d.person()), uuid.New()
	end := func(ctx context.Context) error {
		_, err := d.EndWebinar(ctx, &datamanagementpb.EndWebinarRequest{RequestId: id(), Id: webinar})
		return err
	}
	host := as(t.Context(), uuid.New(), "administrator")
	refused(t, end(host), "webinar.not_live")

	d.exec(`UPDATE datamanagement.webinar SET state = 'live', started_at = starts_at, frozen_rule = '{}' WHERE id = $1`, webinar)
	d.now = time.Date(2026, 11, 26, 17, 30, 0, 0, time.UTC)
	refused(t, end(as(t.Context(), lecturer, "member")), "room.hosts")
	d.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at)
		VALUES ($1, 'lecturer@example.org', 'x', 'P', 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now())`, lecturer)
	d.exec(`UPDATE datamanagement.lecturer SET account_id = $2 WHERE id = $1`, d.lecturer, lecturer)
	for range 2 {
		if err := end(as(t.Context(), lecturer, "member")); err != nil {
			t.Fatal(err)
		}
	}
	if d.count(`SELECT count(*) FROM scheduler.timer WHERE kind = 'end' AND due_at = $1`, d.now) != 1 {
		t.Error("the end is not due now")
	}

	d.exec(`UPDATE datamanagement.webinar SET state = 'ended', ended_at = $2 WHERE id = $1`, webinar, d.now)
	if err := end(host); err != nil {
		t.Errorf("ending what has ended: %v", err)
	}
}

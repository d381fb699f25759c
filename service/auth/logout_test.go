package auth_test

import (
	"net/url"
	"testing"

	"github.com/google/uuid"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// TestLogout ends one session and then all: with each ends what is told by push in its browser.
func TestLogout(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.account("ana@example.org", "approved")
	phone, desk := h.browser(), h.browser()
	h.login(phone, "ana@example.org", right)
	h.login(desk, "ana@example.org", right)
	active := func(b token.Claims) bool {
		p, err := h.auth.Permissions(t.Context(), &authpb.PermissionsRequest{AccountId: id.String(), SessionId: b.Session.String()})
		if err != nil {
			t.Fatal(err)
		}
		return p.GetActive()
	}
	onPhone, onDesk := h.claims(phone), h.claims(desk)
	if !active(onPhone) || !active(onDesk) {
		t.Fatal("a new session is not active")
	}
	// Push is turned on in three browsers, in one of them before its session was known, and in one of somebody else.
	for _, session := range []uuid.UUID{onPhone.Session, onDesk.Session, uuid.Nil} {
		h.pushes(id, session, session.String())
	}
	h.pushes(uuid.New(), uuid.New(), "somebody else's")
	if _, place := h.send(phone, "/auth/logout", url.Values{}); place != "/" || h.cookie(phone, "rounds_access") != "" {
		t.Errorf("logout leads to %q", place)
	}
	if active(onPhone) || !active(onDesk) {
		t.Error("logout ended another session, or none")
	}
	if n := h.pushed(id); n != 2 {
		t.Errorf("%d browsers are told after one was logged out, want 2", n)
	}
	h.send(desk, "/auth/logout-everywhere", url.Values{})
	if active(onDesk) {
		t.Error("logging out everywhere left a session")
	}
	if all, hers := h.pushed(uuid.Nil), h.pushed(id); all != 1 || hers != 0 {
		t.Errorf("%d browsers are told, %d of them are hers", all, hers)
	}
}

// pushes turns a browser on.
func (h *house) pushes(account, session uuid.UUID, endpoint string) {
	h.t.Helper()
	_, err := h.admin.Exec(h.t.Context(), `INSERT INTO notificationcenter.push_subscription (id, account_id, session_id, endpoint, p256dh, auth, label, created_at)
		VALUES (gen_random_uuid(), $1, $2, $3, 'k', 'a', 'Firefox', now())`, account, session, endpoint)
	if err != nil {
		h.t.Fatal(err)
	}
}

// pushed is in how many browsers somebody is told, or everybody.
func (h *house) pushed(account uuid.UUID) (n int) {
	h.t.Helper()
	err := h.admin.QueryRow(h.t.Context(), `SELECT count(*) FROM notificationcenter.push_subscription WHERE $1::uuid = $2::uuid OR account_id = $1`, account, uuid.Nil).Scan(&n)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

package auth_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/auth"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

const right = "zelena kava ob sedmih"

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type house struct {
	t     *testing.T
	site  *httptest.Server
	auth  authpb.AuthClient
	admin *pgxpool.Pool
	db    *dbtest.DB
	clock *clock
	check *token.Verifier
}

func build(t *testing.T) *house {
	t.Helper()
	data := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), auth.Schema(), notificationcenter.Schema())
	h := &house{t: t, admin: data.Admin(), db: data, clock: &clock{now: time.Now().Truncate(time.Millisecond)}}
	keys := t.TempDir()
	if err := token.Ensure(keys, h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	h.check = token.NewVerifier(filepath.Join(keys, token.PublicFile), h.clock.Now)
	deps := &run.Deps{
		Name: "auth", Now: h.clock.Now, NewID: uuid.New, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		DB: data.Pool("auth"), Tokens: h.check, Keys: keys,
	}
	s, err := auth.New(deps, auth.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h.site = httptest.NewServer(s.HTTP)
	t.Cleanup(h.site.Close)
	local := rpc.NewLocal("auth")
	server := rpc.NewServer(rpc.Options{Name: "auth", Log: deps.Log, Metrics: prometheus.NewRegistry(), Tokens: h.check}, s.RPC...)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(local.Listener("auth")) })
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	h.auth = authpb.NewAuthClient(rpc.NewDialer("ssr", local, nil).Dial("auth"))
	return h
}

func (h *house) account(email, state string, roles ...string) uuid.UUID {
	h.t.Helper()
	hash, err := password.New(nil).Hash(h.t.Context(), right)
	if err != nil {
		h.t.Fatal(err)
	}
	id := uuid.New()
	h.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles, state,
		consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, $3, 'Ana', 'physician', '12345', 'SI', 'sl', 'Europe/Ljubljana', $4, $5, '1', now(), now(), now())`,
		id, email, hash, append([]string{}, roles...), state)
	return id
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

// browser keeps cookies and follows no redirect.
func (h *house) browser() *http.Client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send posts a form, or gets when there is none, and answers status and place.
func (h *house) send(b *http.Client, path string, form url.Values) (int, string) {
	h.t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.site.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Location")
}

// A program whose name is no text is let in all the same: what it calls itself is only shown in the list of devices.
func TestLoginOfAProgramWithAStrangeName(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.account("ana@rounds.example", "approved")
	form := url.Values{"email": {"ana@rounds.example"}, "password": {right}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.site.URL+"/auth/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "Brow\xffser")
	answer, err := h.browser().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var device string
	err = h.admin.QueryRow(t.Context(), `SELECT device FROM auth.session WHERE account_id = $1`, id).Scan(&device)
	if answer.StatusCode != http.StatusSeeOther || err != nil || device != "Browser" {
		t.Errorf("%d, device %q, %v", answer.StatusCode, device, err)
	}
}

func (h *house) login(b *http.Client, email, word string) string {
	h.t.Helper()
	_, place := h.send(b, "/auth/login", url.Values{"email": {email}, "password": {word}, "next": {"/me"}})
	return place
}

// cookie is what the browser holds for a path.
func (h *house) cookie(b *http.Client, name string) string {
	u, err := url.Parse(h.site.URL + "/auth/refresh")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (h *house) claims(b *http.Client) token.Claims {
	h.t.Helper()
	c, err := h.check.Verify(h.cookie(b, "rounds_access"))
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestLogin(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.account("ana@example.org", "approved", "administrator")
	h.account("new@example.org", "in_review", "administrator")
	h.account("gone@example.org", "closed")
	b := h.browser()
	if place := h.login(b, " Ana@Example.org ", right); place != "/me" {
		t.Fatalf("login leads to %q", place)
	}
	c := h.claims(b)
	if c.Account != id || !c.Has(token.Member) || !c.Has(token.Administrator) || c.Has(token.Applicant) || c.Language != "sl" || c.Zone != "Europe/Ljubljana" {
		t.Errorf("claims %+v", c.Roles)
	}
	b = h.browser()
	h.login(b, "new@example.org", right)
	if c := h.claims(b); len(c.Roles) != 1 || c.Roles[0] != token.Applicant {
		t.Errorf("who is not approved has roles %v", c.Roles)
	}
	for email, word := range map[string]string{
		"ana@example.org": "zelena kava ob osmih", "nobody@example.org": right, "gone@example.org": right, "": "", "x' OR 1=1 --": right,
	} {
		b := h.browser()
		if place := h.login(b, email, word); place != "/login?error=auth.credentials&next=%2Fme" || h.cookie(b, "rounds_access") != "" {
			t.Errorf("%s: %q", email, place)
		}
	}
	// The place to go on to stays on this site.
	_, place := h.send(h.browser(), "/auth/login", url.Values{"email": {"ana@example.org"}, "password": {right}, "next": {"//evil.example"}})
	if place != "/" {
		t.Errorf("login leads to %q", place)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.account("ana@example.org", "approved")
	login := func() *http.Request {
		form := url.Values{"email": {"ana@example.org"}, "password": {right}}.Encode()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.site.URL+"/auth/login", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	answer, err := h.browser().Do(login())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	paths := map[string]string{"rounds_access": "/", "rounds_refresh": "/auth/"}
	for _, c := range answer.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != paths[c.Name] {
			t.Errorf("cookie %s: %+v", c.Name, c)
		}
		delete(paths, c.Name)
	}
	if len(paths) > 0 {
		t.Errorf("missing: %v", paths)
	}
	foreign := login()
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	refused, err := h.browser().Do(foreign)
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Body.Close()
	if refused.StatusCode != http.StatusForbidden {
		t.Errorf("a login from another site answers %d", refused.StatusCode)
	}
}

// TestLockOut stops guessing from one address, and nobody else.
func TestLockOut(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.account("ana@example.org", "approved")
	for range 5 {
		h.login(h.browser(), "ana@example.org", "wrong wrong wrong")
	}
	if place := h.login(h.browser(), "ana@example.org", right); !strings.Contains(place, "auth.slow_down") {
		t.Errorf("after five wrong ones the sixth is answered %q", place)
	}
	h.account("bor@example.org", "approved")
	if place := h.login(h.browser(), "bor@example.org", right); place != "/me" {
		t.Errorf("another account from the same address: %q", place)
	}
	// The owner elsewhere: the count belongs to the pair of account and address.
	h.exec(`UPDATE auth.login_failure SET key = decode(md5('another address'), 'hex') WHERE blocked_until IS NOT NULL`)
	if place := h.login(h.browser(), "ana@example.org", right); place != "/me" {
		t.Errorf("the owner from elsewhere: %q", place)
	}
	for range 5 {
		h.login(h.browser(), "ana@example.org", "wrong wrong wrong")
	}
	h.clock.Add(31 * time.Second)
	if place := h.login(h.browser(), "ana@example.org", right); place != "/me" {
		t.Errorf("after the wait: %q", place)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.account("ana@example.org", "in_review")
	b := h.browser()
	h.login(b, "ana@example.org", right)
	first := h.cookie(b, "rounds_refresh")
	h.exec(`UPDATE datamanagement.account SET state = 'approved' WHERE id = $1`, id)
	if _, place := h.send(b, "/auth/refresh?next=/articles", nil); place != "/articles" {
		t.Errorf("refresh leads to %q", place)
	}
	if c := h.claims(b); !c.Has(token.Member) {
		t.Errorf("roles after the approval: %v", c.Roles)
	}
	second := h.cookie(b, "rounds_refresh")
	if first == second {
		t.Error("the refresh token was not rotated")
	}
	// Another tab at the same moment.
	if status := h.refreshWith(first); status != http.StatusOK {
		t.Errorf("within the grace: %d", status)
	}
	// A thief, later: the whole session ends, the owner's newest token too.
	h.clock.Add(11 * time.Second)
	if status := h.refreshWith(first); status != http.StatusUnauthorized {
		t.Errorf("a token used before: %d", status)
	}
	if status := h.refreshWith(second); status != http.StatusUnauthorized {
		t.Errorf("the token of the same session: %d", status)
	}
	if _, place := h.send(b, "/auth/refresh?next=/articles", nil); place != "/articles" || h.cookie(b, "rounds_access") != "" || h.cookie(b, "rounds_refresh") != "" {
		t.Errorf("who has nothing to renew goes on to %q with cookies", place)
	}
	for _, hostile := range []string{"", "x", strings.Repeat("a", 3000), base64.RawURLEncoding.EncodeToString(make([]byte, 32))} {
		if status := h.refreshWith(hostile); status != http.StatusUnauthorized {
			t.Errorf("token %.10q: %d", hostile, status)
		}
	}
}

// TestRefreshCarriesForms renews the token of a form that was sent too late, and sends it on with all that was typed; also when there
// is nothing to renew, so that the page itself says so. It goes to no other site.
func TestRefreshCarriesForms(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.account("ana@example.org", "approved")
	b := h.browser()
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	h.login(b, "ana@example.org", right)
	carried := func(next string) string {
		answer, err := b.Post(h.site.URL+"/auth/refresh?next="+url.QueryEscape(next), "application/x-www-form-urlencoded", strings.NewReader("body="+strings.Repeat("x", 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%q: %d", next, answer.StatusCode)
		}
		return answer.Header.Get("Location")
	}
	before := h.cookie(b, "rounds_refresh")
	if place := carried("/articles/sepsis/comments?x=1"); place != "/articles/sepsis/comments?x=1" {
		t.Errorf("goes on to %q", place)
	}
	if h.cookie(b, "rounds_refresh") == before || h.cookie(b, "rounds_access") == "" {
		t.Error("nothing was renewed")
	}
	if place := carried("https://evil.example/x"); place != "/" {
		t.Errorf("goes on to %q", place)
	}
	h.exec(`UPDATE auth.session SET revoked_at = now()`)
	if place := carried("/me"); place != "/me" || h.cookie(b, "rounds_access") != "" {
		t.Errorf("without a session: to %q with cookies", place)
	}
}

func (h *house) refreshWith(refresh string) int {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.site.URL+"/auth/refresh", http.NoBody)
	if err != nil {
		h.t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "rounds_refresh", Value: refresh})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// TestRefreshTogether renews in ten tabs at once: all go on.
func TestRefreshTogether(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.account("ana@example.org", "approved")
	b := h.browser()
	h.login(b, "ana@example.org", right)
	refresh := h.cookie(b, "rounds_refresh")
	var tabs sync.WaitGroup
	for range 10 {
		tabs.Go(func() {
			if status := h.refreshWith(refresh); status != http.StatusOK {
				t.Errorf("a tab was answered %d", status)
			}
		})
	}
	tabs.Wait()
}

// TestSessions lists the devices of one person, and ends one of them: never that of somebody else.
func TestSessions(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.account("ana@example.org", "approved")
	h.account("bor@example.org", "approved")
	phone, desk, foreign := h.browser(), h.browser(), h.browser()
	h.login(phone, "ana@example.org", right)
	h.login(desk, "ana@example.org", right)
	h.login(foreign, "bor@example.org", right)
	ana, bor := token.With(t.Context(), h.claims(desk)), token.With(t.Context(), h.claims(foreign))
	list := func() []*authpb.Session {
		answer, err := h.auth.Sessions(ana, &authpb.SessionsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.GetSessions()
	}
	other := h.claims(phone).Session.String()
	if all := list(); len(all) != 2 || all[0].GetCurrent() == all[1].GetCurrent() {
		t.Fatalf("two devices, one of them this: %v", all)
	}
	for _, id := range []string{other, "x", uuid.NewString()} {
		if _, err := h.auth.RevokeSession(bor, &authpb.RevokeSessionRequest{SessionId: id}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("Bor ends %s: %v", id, err)
		}
	}
	if _, err := h.auth.RevokeSession(ana, &authpb.RevokeSessionRequest{SessionId: other}); err != nil {
		t.Fatal(err)
	}
	if all := list(); len(all) != 1 || !all[0].GetCurrent() {
		t.Errorf("after one was ended: %v", all)
	}
	if _, err := h.auth.RevokeSession(ana, &authpb.RevokeSessionRequest{SessionId: other}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("ended twice: %v", err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.account("ana@example.org", "approved")
	b := h.browser()
	h.login(b, "ana@example.org", right)
	session := h.claims(b)
	for _, email := range []string{"ana@example.org", "nobody@example.org", ""} {
		if _, place := h.send(h.browser(), "/auth/forgot", url.Values{"email": {email}}); place != "/forgot/sent" {
			t.Errorf("%q is answered %q", email, place)
		}
	}
	task := h.task()
	if task.GetAccountId() != id.String() {
		t.Errorf("mail for %s", task.GetAccountId())
	}
	set := func(secret, word string) string {
		_, place := h.send(h.browser(), "/auth/reset", url.Values{"secret": {secret}, "password": {word}})
		return place
	}
	if place := set(task.GetSecret(), "short"); !strings.Contains(place, "error=password.short") {
		t.Errorf("a short password: %q", place)
	}
	if place := set("wrong", "rdeča kava ob osmih"); !strings.Contains(place, "error=reset.link") {
		t.Errorf("a wrong secret: %q", place)
	}
	if place := set(task.GetSecret(), "rdeča kava ob osmih"); place != "/login?note=reset" {
		t.Errorf("a new password: %q", place)
	}
	if place := set(task.GetSecret(), "modra kava ob devetih"); !strings.Contains(place, "error=reset.link") {
		t.Errorf("the link again: %q", place)
	}
	p, err := h.auth.Permissions(t.Context(), &authpb.PermissionsRequest{AccountId: id.String(), SessionId: session.Session.String()})
	if err != nil || p.GetActive() {
		t.Errorf("the old session: %v, %v", p, err)
	}
	if place := h.login(h.browser(), "ana@example.org", right); place == "/me" {
		t.Error("the old password still works")
	}
	if place := h.login(h.browser(), "ana@example.org", "rdeča kava ob osmih"); place != "/me" {
		t.Errorf("the new password: %q", place)
	}
}

// task takes the mail that auth asked for, as the task runner does.
func (h *house) task() *eventpb.ResetPassword {
	h.t.Helper()
	driver := queuepg.New(h.db.Pool("notificationtaskrunner"), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), time.Now)
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	task := &eventpb.ResetPassword{}
	err := driver.Consume(ctx, "notification.task", queue.Options{}, func(_ context.Context, batch []*queue.Delivery) error {
		defer cancel()
		return batch[0].Into(task)
	})
	if err != nil && ctx.Err() == nil {
		h.t.Fatal(err)
	}
	return task
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	h := build(t)
	p, err := h.auth.Permissions(t.Context(), &authpb.PermissionsRequest{AccountId: uuid.NewString(), SessionId: uuid.NewString()})
	if err != nil || p.GetActive() || len(p.GetRoles()) != 0 {
		t.Errorf("nobody: %v, %v", p, err)
	}
	if _, err := h.auth.Permissions(t.Context(), &authpb.PermissionsRequest{AccountId: "x"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("no id: %v", err)
	}
	if _, err := h.auth.RevokeSessions(t.Context(), &authpb.RevokeSessionsRequest{}); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("nobody logs out everywhere: %v", err)
	}
}

func TestKeysPage(t *testing.T) {
	t.Parallel()
	h := build(t)
	if status, _ := h.send(h.browser(), "/auth/.well-known/jwks.json", nil); status != http.StatusOK {
		t.Errorf("the keys: %d", status)
	}
}

// Who comes too often is told so where the form stands; a program gets a problem with a status.
func TestTooOftenIsSaidBesideTheForm(t *testing.T) {
	t.Parallel()
	h := build(t)
	for accept, want := range map[string]string{"text/html,*/*": "303 /forgot?error=http.too_many", "application/json": "429 "} {
		got := ""
		for range 12 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.site.URL+"/auth/forgot", strings.NewReader("email=ana%40example.org"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", accept)
			answer, err := h.browser().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			got = fmt.Sprintf("%d %s", answer.StatusCode, answer.Header.Get("Location"))
		}
		if got != want {
			t.Errorf("%s: %q, want %q", accept, got, want)
		}
	}
}

package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/auth/internal/store"
)

// Cookies. The refresh secret goes to no other path than ours; what was typed comes back to the login page, and only there.
const (
	refreshCookie = "rounds_refresh"
	typedCookie   = "rounds_typed"
	home          = "/"
	formBody      = 11 << 20 // as large as the largest form of the pages, which goes on from here
)

// routes is every address under /auth/.
func (s *server) routes(d *run.Deps) *web.Mux {
	o := d.Web()
	o.Render = render
	m := web.New(o)
	guess := web.Limit(web.Rate{Every: time.Second, Burst: 30}) // of one address; many people may share it

	m.Post("/auth/login", web.Public, s.postLogin, guess)
	m.Post("/auth/logout", web.Public, s.postLogout)
	m.Post("/auth/logout-everywhere", web.Account, s.postLogoutEverywhere)
	m.Get("/auth/refresh", web.Public, s.getRefresh)
	m.Post("/auth/refresh", web.Public, s.postRefresh, web.Body(formBody), web.Within(30*time.Second))
	m.Post("/auth/forgot", web.Public, s.postForgot, web.Limit(web.Rate{Every: 10 * time.Second, Burst: 10}))
	m.Post("/auth/reset", web.Public, s.postReset, guess)
	m.Get("/auth/.well-known/jwks.json", web.Public, s.jwks)

	return m
}

// render sends a browser that was refused before its form was read, for coming too often, back to the form with the sentence.
func render(w http.ResponseWriter, r *http.Request, status int, e *errs.Error) error {
	page := map[string]string{"/auth/login": "/login", "/auth/forgot": "/forgot", "/auth/reset": "/login"}[r.URL.Path]
	if page == "" || e.Kind != errs.TooMany || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return web.RenderProblem(w, r, status, e)
	}
	return back(w, r, page, e, url.Values{})
}

func (s *server) set(w http.ResponseWriter, p pair) {
	age := int(s.cfg.SessionTime.Seconds())
	// The cookie outlives its token: that it is there and too old tells that there is something to renew.
	http.SetCookie(w, s.cookie(web.AccessCookie, p.access, "/", age))
	http.SetCookie(w, s.cookie(refreshCookie, p.refresh, "/auth/", age))
}

func (s *server) drop(w http.ResponseWriter) {
	http.SetCookie(w, s.cookie(web.AccessCookie, "", "/", -1))
	http.SetCookie(w, s.cookie(refreshCookie, "", "/auth/", -1))
}

func (s *server) cookie(name, value, path string, age int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: age, HttpOnly: true, Secure: s.https, SameSite: http.SameSiteLaxMode,
	}
}

func value(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func read(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errs.Wrap(err, errs.Invalid, "form.unreadable", "The form could not be read. Please send it again.")
	}
	return nil
}

// back sends the browser to a page with the code of what went wrong; a person reads its sentence there.
func back(w http.ResponseWriter, r *http.Request, page string, err error, q url.Values) error {
	e := errs.Of(err)
	if e.Kind == errs.Internal {
		return err
	}
	code := e.Code
	if len(e.Fields) > 0 {
		code = e.Fields[0].Code
	}
	q.Set("error", code)
	http.Redirect(w, r, page+"?"+q.Encode(), http.StatusSeeOther)
	return nil
}

func (s *server) postLogin(w http.ResponseWriter, r *http.Request) error {
	if err := read(r); err != nil {
		return err
	}
	email, next := r.PostForm.Get("email"), web.SafeNext(r.PostForm.Get("next"), home)
	account, err := s.login(r.Context(), attempt{
		email: email, password: r.PostForm.Get("password"), address: web.Address(r.Context()).String(), device: r.UserAgent(),
	})
	if err != nil {
		if len(email) <= 254 {
			http.SetCookie(w, s.cookie(typedCookie, base64.RawURLEncoding.EncodeToString([]byte(email)), "/login", 60))
		}
		return back(w, r, "/login", err, url.Values{"next": {next}})
	}
	who := identity{account.AccountID, rolesOf(account.State, account.Roles), account.Language, account.Zone}
	p, err := s.open(r.Context(), who, r.UserAgent())
	if err != nil {
		return err
	}
	s.set(w, p)
	return web.Redirect(w, r, next, home)
}

func (s *server) postLogout(w http.ResponseWriter, r *http.Request) error {
	session := uuid.Nil
	if who, ok := token.From(r.Context()); ok {
		session = who.Session
	}
	if err := s.leave(r.Context(), value(r, refreshCookie), session); err != nil {
		return err
	}
	s.drop(w)
	http.Redirect(w, r, home, http.StatusSeeOther)
	return nil
}

func (s *server) postLogoutEverywhere(w http.ResponseWriter, r *http.Request) error {
	who, _ := token.From(r.Context())
	if _, err := store.New(s.db).SessionRevokeAll(r.Context(), store.SessionRevokeAllParams{Now: s.now(), AccountID: who.Account}); err != nil {
		return err
	}
	s.drop(w)
	http.Redirect(w, r, "/login?note=everywhere", http.StatusSeeOther)
	return nil
}

// getRefresh is where a page sends a browser whose token is too old. Who has nothing to renew goes on as a visitor.
func (s *server) getRefresh(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	p, err := s.renew(r.Context(), value(r, refreshCookie))
	switch {
	case err == nil:
		s.set(w, p)
	case errs.KindOf(err) == errs.Unauthenticated:
		s.drop(w)
	default:
		return err
	}
	return web.Redirect(w, r, r.URL.Query().Get("next"), home)
}

// postRefresh is the same for scripts, and for forms that were sent with a token that was too old: those go on to where they were
// going, with all that was typed.
func (s *server) postRefresh(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	next := r.URL.Query().Get("next")
	if _, err := io.Copy(io.Discard, r.Body); err != nil { // a browser that is still sending would not see the answer
		return fmt.Errorf("read a form that goes on: %w", err)
	}
	p, err := s.renew(r.Context(), value(r, refreshCookie))
	switch {
	case next == "":
	case err == nil:
		s.set(w, p)
		return web.Repeat(w, r, next, home)
	case errs.KindOf(err) == errs.Unauthenticated:
		s.drop(w)
		return web.Repeat(w, r, next, home) // the page says that the session has ended
	}
	if err != nil {
		if errs.KindOf(err) == errs.Unauthenticated {
			s.drop(w)
		}
		return err
	}
	s.set(w, p)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]int{"expires_in": int(s.cfg.AccessTime.Seconds())})
}

func (s *server) postForgot(w http.ResponseWriter, r *http.Request) error {
	if err := read(r); err != nil {
		return err
	}
	if err := s.forgot(r.Context(), r.PostForm.Get("email")); err != nil {
		return err
	}
	http.Redirect(w, r, "/forgot/sent", http.StatusSeeOther)
	return nil
}

func (s *server) postReset(w http.ResponseWriter, r *http.Request) error {
	if err := read(r); err != nil {
		return err
	}
	secret := r.PostForm.Get("secret")
	if err := s.reset(r.Context(), secret, r.PostForm.Get("password")); err != nil {
		return back(w, r, "/reset", err, url.Values{"secret": {secret}})
	}
	s.drop(w)
	http.Redirect(w, r, "/login?note=reset", http.StatusSeeOther)
	return nil
}

// jwks are the public keys, for whoever verifies tokens without our files.
func (s *server) jwks(w http.ResponseWriter, _ *http.Request) error {
	raw, err := os.ReadFile(filepath.Join(s.keys, token.PublicFile))
	if errors.Is(err, os.ErrNotExist) {
		return errs.Wrap(err, errs.Unavailable, "auth.no_keys", "The keys are not there yet. Please try again in a moment.")
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err = w.Write(raw)
	return err
}

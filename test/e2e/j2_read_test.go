package e2e

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/ssr"
)

// library serves pages, BFF and data management behind one address, with a door at which a test logs in as whom it likes.
type library struct {
	t    *testing.T
	db   *dbtest.DB
	base string
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{t: t, db: dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())}
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.base = "http://" + listener.Addr().String()
	log, local, types := slog.New(slog.DiscardHandler), rpc.NewLocal("datamanagement", "bff"), eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	deps := func(name string) *run.Deps {
		d := &run.Deps{
			Name: name, Now: time.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, Log: log, Metrics: prometheus.NewRegistry(),
			Dial: rpc.NewDialer(name, local, nil).Dial, Tokens: token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now), BaseURL: l.base,
		}
		if name != "ssr" {
			d.DB = l.db.Pool(name)
			d.Events = eventlog.New(d.DB, log, d.Metrics, types)
		}
		return d
	}
	data, answers, pages := deps("datamanagement"), deps("bff"), deps("ssr")
	dataService, err := datamanagement.New(data, datamanagement.Config{ProofKey: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
	if err != nil {
		t.Fatal(err)
	}
	bffService, err := bff.New(answers, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ssrService, err := ssr.New(pages, ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	signer := token.NewSigner(keys, time.Now)
	front := http.NewServeMux()
	front.Handle("/", ssrService.HTTP)
	front.Handle("/api/", bffService.HTTP)
	front.HandleFunc("/login-as/{account}/{role}", func(w http.ResponseWriter, r *http.Request) {
		signed, err := signer.Sign(token.Claims{
			Account: uuid.MustParse(r.PathValue("account")), Session: uuid.New(), Roles: []string{r.PathValue("role")}, Language: "en",
			Issued: time.Now(), Expires: time.Now().Add(time.Hour),
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "rounds_access", Value: signed, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/articles", http.StatusSeeOther)
	})
	ssrService.HTTP = front
	group := run.NewGroup(log,
		&run.Member{Name: "datamanagement", Deps: data, Service: dataService, RPC: []net.Listener{local.Listener("datamanagement")}},
		&run.Member{Name: "bff", Deps: answers, Service: bffService, RPC: []net.Listener{local.Listener("bff")}},
		&run.Member{Name: "ssr", Deps: pages, Service: ssrService, HTTP: listener})
	group.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := group.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return l
}

func (l *library) account(name string) string {
	l.t.Helper()
	id := uuid.New()
	_, err := l.db.Admin().Exec(l.t.Context(), `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number,
		country, language, zone, state, consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, 'x', $3, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now())`,
		id, id.String()+"@example.org", name)
	if err != nil {
		l.t.Fatal(err)
	}
	return id.String()
}

// TestRead is journey 2, and the writing of journey 3: an article is written, found, read, discussed, and a comment is hidden.
func TestRead(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	chief, ana, visitor := chromium.New(t, l.base), chromium.New(t, l.base), chromium.New(t, l.base)
	withoutRooms(chief, ana, visitor)
	chief.Forgive("422") // what is wrong in a form is answered so
	ana.Forgive("422")

	chief.Open("/login-as/" + l.account("Chief") + "/administrator")
	chief.SeeText("[data-empty]", "No articles yet")
	chief.Open("/backoffice/categories")
	chief.Fill("#f-name_en", "Cardiology")
	chief.Fill("#f-name_sl", "Kardiologija")
	chief.Press("Save")
	chief.SeeText("[data-subjects]", "Kardiologija")
	chief.Open("/backoffice/lecturers")
	chief.Fill("#f-name", "Živa Čuk")
	chief.Press("Save")
	chief.SeeText("[data-subjects]", "Živa Čuk")

	chief.Open("/backoffice/articles/new")
	chief.Press("Save")
	chief.SeeText("[data-error-summary]", "This may not be empty")
	chief.Fill("#f-title", "Intensive blood pressure control")
	chief.Fill("#f-summary", "What a target below 130 means in practice.")
	chief.Until(`(document.querySelector("#f-category_id").selectedIndex = 1) === 1`)
	chief.Fill("#f-body", "## Findings\n\nTreatment of **hypertension** lowered events.[^1]\n\n[^1]: SPRINT Research Group, 2015.")
	// The text appears as members will read it while it is written, and what was not saved comes back.
	chief.SeeText("[data-preview] h2:not(#preview)", "Findings")
	chief.Until(`localStorage.length === 1`)
	chief.Until(`[...Object.values(localStorage)].some((d) => d.includes("hypertension"))`)
	chief.Until(`(() => { const leave = new Event("beforeunload", { cancelable: true }); window.dispatchEvent(leave); return leave.defaultPrevented; })()`)
	chief.Until(`document.querySelector("[data-editor] form").dispatchEvent(new Event("submit"))`) // the question would wait for a person
	chief.Reload()
	chief.SeeText("[data-found]", "not saved")
	if got := chief.Value("#f-title"); got != "" {
		t.Errorf("the draft came back unasked: %q", got)
	}
	looks(chief, "editor-found", look{390, true}, look{1440, false})
	chief.Press("Take it back")
	chief.Gone("[data-found]")
	chief.SeeText("[data-preview]", "hypertension")
	chief.Press("Preview")
	chief.Until(`document.activeElement.id === "preview"`)
	looks(chief, "editor", look{390, false}, look{1440, true}, look{1440, false})
	chief.Press("Save")
	chief.SeeText("main", "Draft")
	chief.Until(`localStorage.length === 0`)
	chief.Until(`document.querySelector("[data-found]").hidden`)
	chief.Press("Save and publish")
	chief.SeeText("main", "Published")

	visitor.Open("/articles/intensive-blood-pressure-control")
	visitor.SeeText("[data-locked]", "for members")
	visitor.Gone("[data-body]")
	looks(visitor, "article-locked", look{390, false}, look{1440, true}, look{1440, false})

	ana.Open("/login-as/" + l.account("Ana Novak") + "/member")
	ana.Open("/articles?q=hypertension&kind=research&category=cardiology")
	ana.SeeText("[data-excerpt] mark", "hypertension")
	looks(ana, "articles", look{390, false}, look{1440, true}, look{1440, false})
	ana.Open("/articles?kind=news")
	ana.SeeText("[data-empty]", "Nothing fits")
	ana.Open("/articles/intensive-blood-pressure-control")
	ana.SeeText("[data-body]", "SPRINT Research Group")
	ana.Press("Comment")
	ana.SeeText("[data-error-summary]", "This may not be empty")
	ana.Gone("[data-recognised]")
	ana.Fill("#f-body", "Like Mrs Novak, born 12. 3. 1942?")
	ana.SeeText("[data-recognised]:not([hidden]) li:not([hidden])", "whole date")
	looks(ana, "comment-recognised", look{390, false}, look{390, true}, look{1440, false})
	ana.Screenshot("comment-recognised")
	ana.Fill("#f-body", "What about people over 80? <b>")
	ana.Gone("[data-recognised]")
	ana.Press("Comment")
	ana.SeeText("[data-comment]", "What about people over 80? <b>")
	ana.Click("[data-edit]")
	ana.Until(`location.search.includes("edit=")`) // the next page, not the one that is left
	ana.Fill("#f-body", "What about frail people over 80?")
	ana.Press("Save")
	ana.SeeText("[data-comment]", "What about frail people over 80?")
	ana.SeeText("[data-comment]", "edited")

	bor := chromium.New(t, l.base)
	withoutRooms(bor)
	bor.Open("/login-as/" + l.account("Bor Kranjc") + "/member")
	bor.Open("/articles/intensive-blood-pressure-control")
	bor.Click("[data-reply]")
	bor.Until(`location.search.includes("reply=")`) // the next page, not the one that is left
	bor.Fill("#f-body", "Start low, go slow.")
	bor.Click("#say button[type=submit]")
	bor.SeeText("[data-comment]", "Start low, go slow.")
	bor.Click("[data-report]")
	bor.Until(`location.search.includes("report=")`) // the next page, not the one that is left
	bor.Fill("#f-reason", "A patient can be recognised")
	bor.Click("#say button[type=submit]")
	bor.SeeText("[data-toast]", "A moderator will look at it")
	looks(bor, "article", look{390, false}, look{1440, true}, look{1440, false})

	chief.Open("/backoffice/comments")
	chief.SeeText("[data-reports]", "A patient can be recognised")
	looks(chief, "reports", look{390, false}, look{1440, true}, look{1440, false})
	chief.Click("[data-hides]")
	chief.Fill("#f-reason", "Please leave out the age.")
	chief.Click("[data-hide] button[type=submit]")
	chief.SeeText("[data-empty]", "No comment waits for you")

	ana.Reload()
	ana.SeeText("[data-hidden]", "Please leave out the age.")
	bor.Reload()
	bor.SeeText("[data-hidden]", "Hidden by a moderator.")
	bor.Until(`!document.body.textContent.includes("frail people")`)
}

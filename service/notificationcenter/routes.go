package notificationcenter

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

//go:embed mailbox
var pages embed.FS

// routes is every address of this service. The mailbox stands in for a mail server where there is none. It is for demos and
// development: it shows links that only their recipient may have.
func (s *server) routes(o web.Options) *web.Mux {
	m := web.New(o)
	m.Post("/mail/bounce", web.Public, s.comeback, web.Body(mostComeback)) // the mail server, by its secret
	if s.config.SMTP != "" {
		return m
	}
	access := web.Roles(token.Administrator)
	if s.config.OpenMailbox {
		access = web.Public
	}
	views := template.Must(template.ParseFS(pages, "mailbox/*.html"))
	m.Get("/mailbox", access, s.mailList(views))
	m.Get("/mailbox/{id}", access, s.mailOne(views))
	m.Get("/mailbox/{id}/body", access, s.mailBody)
	m.Get("/mailbox/mailbox.css", web.Public, style)
	return m
}

const mailsOnPage = 50

func (s *server) mailList(views *template.Template) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		recipient := strings.TrimSpace(r.URL.Query().Get("to"))
		before, err := cursor(r.URL.Query().Get("before"), s.Now())
		if err != nil {
			return err
		}
		before.Recipient, before.Most = escapeLike(recipient), mailsOnPage
		mails, err := s.store.MailList(r.Context(), before)
		if err != nil {
			return fmt.Errorf("list mail: %w", err)
		}
		next := ""
		if len(mails) == mailsOnPage {
			last := mails[len(mails)-1]
			next = last.At.UTC().Format(time.RFC3339Nano) + "_" + last.ID.String()
		}
		return show(w, views, "list.html", map[string]any{"Mails": mails, "To": recipient, "Next": next})
	}
}

func (s *server) mailOne(views *template.Template) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		mail, err := s.mail(r)
		if err != nil {
			return err
		}
		return show(w, views, "mail.html", map[string]any{"Mail": mail, "Link": firstLink(mail.BodyText)})
	}
}

// mailBody is the HTML of a mail, as foreign to this site as in any mail program: no scripts, no forms, no origin.
func (s *server) mailBody(w http.ResponseWriter, r *http.Request) error {
	mail, err := s.mail(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation-by-user-activation allow-popups; frame-ancestors 'self'")
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	w.Header().Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, strings.Replace(mail.BodyHtml, "<head>", `<head><base target="_top">`, 1))
	return err
}

func (s *server) mail(r *http.Request) (store.NotificationcenterMail, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return store.NotificationcenterMail{}, errNoMail()
	}
	mail, err := s.store.MailGet(r.Context(), id)
	if errors.Is(err, pgx.ErrNoRows) {
		return mail, errNoMail()
	}
	if err != nil {
		return mail, fmt.Errorf("read mail: %w", err)
	}
	return mail, nil
}

func errNoMail() error { return errs.New(errs.NotFound, "mailbox.not_found", "There is no such mail.") }

// cursor reads where the page before this one ended.
func cursor(text string, now time.Time) (store.MailListParams, error) {
	first := store.MailListParams{BeforeAt: now.Add(24 * time.Hour)}
	if text == "" {
		return first, nil
	}
	at, id, _ := strings.Cut(text, "_")
	moment, timeErr := time.Parse(time.RFC3339Nano, at)
	last, idErr := uuid.Parse(id)
	if timeErr != nil || idErr != nil {
		return first, errs.New(errs.Invalid, "mailbox.page", "There is no such page of the mailbox.")
	}
	return store.MailListParams{BeforeAt: moment, BeforeID: last}, nil
}

// escapeLike takes what was typed to the letter.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// firstLink finds the address that the mail's button leads to.
func firstLink(body string) string {
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http://") || strings.HasPrefix(line, "https://") {
			return line
		}
	}
	return ""
}

func show(w http.ResponseWriter, views *template.Template, name string, view any) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := views.ExecuteTemplate(w, name, view); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	return nil
}

func style(w http.ResponseWriter, r *http.Request) error {
	http.ServeFileFS(w, r, pages, "mailbox/mailbox.css")
	return nil
}

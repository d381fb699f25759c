package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/token"
)

// cast are those who act; who only reads has an account and nothing else.
const (
	heart   = "00000000-0000-7000-8000-000000000001" // the category that the people of the random scenario follow
	kidney  = "00000000-0000-7000-8000-000000000002" // that of the readers
	teacher = "00000000-0000-7000-8000-000000000003" // of the random scenario
	writer  = "00000000-0000-7000-8000-000000000007" // of the other one
	rule    = "00000000-0000-7000-8000-000000000004"
	article = "00000000-0000-7000-8000-000000000005"
	chief   = "00000000-0000-7000-8000-000000000006" // administrator
)

// people makes accounts, what webinars need, an article to comment on, and who follows what. It is what was there before the chaos.
func (c *command) people(h *house) {
	h.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce'), ($2, 'kidney', 'Kidney', 'Ledvica')`, heart, kidney)
	h.exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'teacher', 'Doc Teacher'), ($2, 'writer', 'Doc Writer')`, teacher, writer)
	h.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'chaos', 1,
		'{"min_percent": 50, "min_checks_percent": 0, "checks_per_hour": 0, "evaluation_required": false}', now())`, rule)
	account := `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles,
		state, consent_version, consent_at, created_at, updated_at, email_confirmed_at)
		SELECT %s, '%s' || n || '@rounds.example', 'x', 'Person ' || n, 'physician', n::text, 'SI', CASE n %% 2 WHEN 0 THEN 'en' ELSE 'sl' END,
		'Europe/Ljubljana', '%s', 'approved', '1', now(), now(), now(), now() FROM generate_series(1, $1::integer) n`
	h.exec(fmt.Sprintf(account, "'"+chief+"'", "chief", "{administrator}"), 1)
	h.exec(fmt.Sprintf(account, "gen_random_uuid()", "p", "{}"), c.People)
	h.exec(fmt.Sprintf(account, "gen_random_uuid()", "r", "{}"), c.readers())
	h.exec(`INSERT INTO datamanagement.subscription (account_id, kind, target_id, created_at)
		SELECT id, 'category', CASE left(email, 1) WHEN 'p' THEN $1::uuid ELSE $2::uuid END, now() FROM datamanagement.account WHERE roles = '{}'`, heart, kidney)
	h.exec(`INSERT INTO datamanagement.article (id, slug, kind, language, title, summary, body_md, body_html, category_id, author_id, minutes, state,
		published_at, created_at, updated_at) VALUES ($1, 'a', 'news', 'en', 'T', 'S', 'B', '<p>B</p>', $2, $3, 1, 'published', now(), now(), now())`,
		article, heart, chief)
	h.exec(`ANALYZE`)
}

func (c *command) readers() int {
	if c.Scenario == "random" {
		return 0
	}
	return c.Readers
}

// person is somebody who uses the site, as the browser does: through the API, with a token of their own.
type person struct {
	token  string
	from   string // their address, as the way in would tell it: limits are for each of them, and not for this program
	site   string // of the bff
	client *http.Client
}

func (h *house) person(id, from string, roles ...string) (*person, error) {
	account, err := uuid.Parse(id)
	if err != nil {
		return nil, err
	}
	session := uuid.New()
	h.exec(`INSERT INTO auth.session (id, account_id, created_at, used_at, expires_at) VALUES ($1, $2, now(), now(), now() + interval '1 day')`, session, account)
	signed, err := token.NewSigner(h.keys, time.Now).Sign(token.Claims{
		Account: account, Session: session, Roles: roles, Language: "en", Zone: "Europe/Ljubljana", Expires: time.Now().Add(24 * time.Hour),
	})
	return &person{token: signed, from: from, site: "http://" + h.at("bff").http, client: &http.Client{Timeout: 20 * time.Second}}, err
}

// do asks until somebody answers, each time under the same id: what is acknowledged must have happened once. It is false when the answer is
// no, or when ctx ends first, and then nobody knows.
func (p *person) do(ctx context.Context, method, path string, body map[string]any, into any) bool {
	if method != http.MethodGet {
		body["requestId"] = uuid.NewString()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		status := p.once(ctx, method, path, body, into)
		if status == http.StatusOK {
			return true
		}
		if status != 0 && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// once asks once; 0 means that nobody answered.
func (p *person) once(ctx context.Context, method, path string, body, into any) int {
	text, err := json.Marshal(body)
	if err != nil {
		return http.StatusTeapot
	}
	request, err := http.NewRequestWithContext(ctx, method, p.site+path, bytes.NewReader(text))
	if err != nil {
		return http.StatusTeapot
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", p.from)
	request.AddCookie(&http.Cookie{Name: "rounds_access", Value: p.token})
	answer, err := p.client.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	if into != nil && answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) != nil {
		return 0
	}
	return answer.StatusCode
}

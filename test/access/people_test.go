package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/token"
)

// person is somebody with an account; the zero value is a visitor.
type person struct {
	role    string
	account uuid.UUID
	roles   []string // as auth says them
	keys    string
}

// person makes an account for a role: an applicant waits for approval, all others are members with one role more.
func (h *house) person(role string) person {
	h.t.Helper()
	if role == visitor {
		return person{role: visitor}
	}
	p := person{role: role, account: uuid.New(), keys: h.keys, roles: []string{token.Member}}
	state, extra := "approved", []string{}
	switch role {
	case token.Applicant:
		state, p.roles = "in_review", []string{token.Applicant}
	case token.Member, stranger, writer:
	default:
		extra, p.roles = []string{role}, []string{role, token.Member}
	}
	h.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles,
		state, consent_version, consent_at, created_at, updated_at, email_confirmed_at)
		VALUES ($1, $2, 'x', $3, 'physician', $4, 'SI', 'en', 'Europe/Ljubljana', $5, $6, '1', now(), now(), now(), now())`,
		p.account, email(p.account), "Person "+role, licence(p.account), extra, state)
	return p
}

// What nobody but the person and the reviewers may see; a test looks for both in answers to others.
func email(account uuid.UUID) string   { return account.String()[:8] + "@private.example" }
func licence(account uuid.UUID) string { return "L" + account.String()[24:] }

// session logs the person in, and gives the token of it.
func (h *house) session(p person) string {
	h.t.Helper()
	id := uuid.New()
	h.exec(`INSERT INTO auth.session (id, account_id, created_at, used_at, expires_at) VALUES ($1, $2, now(), now(), now() + interval '1 hour')`, id, p.account)
	return h.sign(p.account, id, p.roles...)
}

// sign makes a token as auth does, for whomever.
func (h *house) sign(account, session uuid.UUID, roles ...string) string {
	h.t.Helper()
	raw, err := token.NewSigner(h.keys, time.Now).Sign(token.Claims{
		Account: account, Session: session, Roles: roles, Language: "en", Zone: "Europe/Ljubljana", Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return raw
}

// as is the context of a call on behalf of the owner of a token; "" for nobody.
func (h *house) as(raw string) context.Context {
	h.t.Helper()
	if raw == "" {
		return h.t.Context()
	}
	claims, err := h.verifier().Verify(raw)
	if err != nil {
		h.t.Fatal(err)
	}
	return token.With(h.t.Context(), claims)
}

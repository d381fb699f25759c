package access

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// object is a thing that an address can name.
type object struct{ id, slug string }

// maker makes an object that belongs to somebody.
type maker struct {
	make func(h *house, owner person) object
	// personal: whose it is not gets nothing of it.
	personal bool
	// for the staff: whose it is not is a draft, or a document, which administrators see and others do not.
	staff bool
}

// makers say what the part of an address after a name stands for: /articles/{slug} is an article, whichever service answers.
// A new noun in an address is one line here.
func makers() map[string]maker {
	return map[string]maker{
		"articles":      {make: (*house).article, staff: true},
		"manuscripts":   {make: (*house).article, staff: true},
		"comments":      {make: (*house).comment, personal: true},
		"categories":    {make: (*house).category},
		"lecturers":     {make: (*house).lecturer},
		"webinars":      {make: (*house).planned},
		"plans":         {make: (*house).planned},
		"hosting":       {make: (*house).planned},
		"applications":  {make: (*house).application, staff: true},
		"notifications": {make: (*house).notification, personal: true},
		"sessions":      {make: (*house).device, personal: true},
		"mailbox":       {make: (*house).mail, staff: true},
		"requests":      {make: (*house).request, staff: true},
		"appeals":       {make: (*house).appeal, staff: true},
		"credit-rules":  {make: (*house).creditRule},
		"rules":         {make: (*house).creditRule},
		"sagas":         {make: (*house).saga, staff: true},
		"processes":     {make: (*house).saga, staff: true},
		"queues":        {make: (*house).queue, staff: true},
	}
}

func (h *house) category(person) object {
	o := object{uuid.NewString(), "category-" + uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, $2, 'Heart', 'Srce')`, o.id, o.slug)
	return o
}

// lecturer is the owner, so that an own webinar is one that its owner hosts.
func (h *house) lecturer(owner person) object {
	o := object{uuid.NewString(), "lecturer-" + uuid.NewString()}
	var account *uuid.UUID
	if owner.account != uuid.Nil {
		account = &owner.account
	}
	h.exec(`INSERT INTO datamanagement.lecturer (id, slug, account_id, name) VALUES ($1, $2, $3, 'Dr Nika Zgled')`, o.id, o.slug, account)
	return o
}

// article is published when its owner is among those who call; what belongs to a stranger is a draft.
func (h *house) article(owner person) object {
	o, state := object{uuid.NewString(), "article-" + uuid.NewString()}, "published"
	title := "An article"
	switch owner.role {
	case stranger:
		state, title = "draft", draftWords
	case writer:
		state = "draft" // which somebody may publish
	}
	h.exec(`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md, body_html, minutes, state,
		created_at, updated_at, published_at)
		VALUES ($1, $2, 'news', 'en', $3, $4, $5, 'Summary', 'Text', '<p>Text</p>', 1, $6, now(), now(), now())`,
		o.id, o.slug, h.category(owner).id, h.author(owner), title, state)
	return o
}

// author is the owner, or somebody where the owner has no account.
func (h *house) author(owner person) uuid.UUID {
	if owner.account == uuid.Nil {
		return h.person(stranger).account
	}
	return owner.account
}

func (h *house) comment(owner person) object {
	article := h.article(person{role: "author"})
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.comment (id, article_id, account_id, body, created_at) VALUES ($1, $2, $3, 'Words', now())`,
		o.id, article.id, h.author(owner))
	return o
}

func (h *house) creditRule(person) object {
	rule, err := json.Marshal(credit.Default())
	if err != nil {
		h.t.Fatal(err)
	}
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, $2, 1, $3, now())`, o.id, "rule "+o.id, rule)
	return o
}

func (h *house) planned(owner person) object {
	o := object{uuid.NewString(), "webinar-" + uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, video_url, created_at, updated_at)
		VALUES ($1, $2, 'A webinar', 'Text', $3, $4, now() + interval '30 days', 'Europe/Ljubljana', 60, 100, $5, 'https://video.example/a.mp4', now(), now())`,
		o.id, o.slug, h.lecturer(owner).id, h.category(owner).id, h.creditRule(owner).id)
	return o
}

// ended is a webinar that is over, with credit computed for nobody.
func (h *house) ended(owner person) object {
	o := h.planned(owner)
	h.exec(`UPDATE datamanagement.webinar SET state = 'ended', starts_at = now() - interval '2 hours', started_at = now() - interval '2 hours',
		ended_at = now() - interval '1 hour', evaluated_at = now(), frozen_rule = (SELECT rule FROM datamanagement.credit_rule r WHERE r.id = credit_rule_id)
		WHERE id = $1`, o.id)
	return o
}

func (h *house) request(owner person) object {
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths)
		VALUES ($1, $2, $3, now(), 0, 0, 0)`, o.id, h.ended(owner).id, h.author(owner))
	return o
}

func (h *house) appeal(owner person) object {
	o, webinar, account := object{id: uuid.NewString()}, h.ended(owner).id, h.author(owner)
	evidence, err := json.Marshal(credit.Evidence{Rule: credit.Default()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.exec(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
		hundredths, reasons, evidence_sha256, evidence, credit, at)
		VALUES ($1, $2, 0, 3600, 0, 0, false, 0, '[]', '\x00', $3, '{}', now())`, webinar, account, evidence)
	h.exec(`INSERT INTO datamanagement.appeal (id, webinar_id, account_id, reason, words, made_at) VALUES ($1, $2, $3, 'other', $4, now())`,
		o.id, webinar, account, draftWords)
	return o
}

func (h *house) application(owner person) object {
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO datamanagement.application (id, account_id, submitted_at, file_name, media_type, size, sha256)
		VALUES ($1, $2, now(), $3, 'application/pdf', 10, '\x00')`, o.id, h.author(owner), proofName)
	return o
}

func (h *house) notification(owner person) object {
	o, account := object{id: uuid.NewString()}, h.author(owner)
	h.exec(`INSERT INTO notificationcenter.notification (id, account_id, kind, text, path, created_at) VALUES ($1, $2, 'points.booked', $3, '/me', now())`,
		o.id, account, fmt.Sprintf(`{"note": "notice-for-%s"}`, account))
	return o
}

func (h *house) device(owner person) object {
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO auth.session (id, account_id, created_at, used_at, expires_at) VALUES ($1, $2, now(), now(), now() + interval '1 hour')`,
		o.id, h.author(owner))
	return o
}

func (h *house) mail(person) object {
	o := object{id: uuid.NewString()}
	h.exec(`INSERT INTO notificationcenter.mail (id, recipient, subject, body_text, body_html, at) VALUES ($1, 'somebody@example.org', 'Subject', $2, $2, now())`,
		o.id, mailWords)
	return o
}

// saga is a start that waits for its room.
func (h *house) saga(person) object {
	id := uuid.NewString() + ".1.1"
	h.exec(`INSERT INTO saga.run (role, name, id, wake_at) VALUES ('rounds_scheduler', 'webinar.start', $1, now() + interval '1 hour')`, id)
	h.exec(`SELECT eventlog.append('saga/webinar.start/' || $1::text, 0, 'saga.begun', '{}', '')`, id)
	return object{id: "webinar.start:" + id}
}

// queue is one of those that are always there.
func (h *house) queue(person) object { return object{id: "activity"} }

// Which object a call names.
const (
	own     = "own"
	foreign = "foreign"
	missing = "missing"
)

// A stranger owns what is foreign to everybody who calls, a writer what they may change all the same.
const (
	stranger = "stranger"
	writer   = "writer"
)

// known tells whether all parameters of a pattern are known nouns. One that is not fails the test with what to add.
func (h *house) known(pattern string) bool {
	for noun := range parameters(pattern) {
		if _, known := makers()[noun]; !known {
			h.t.Errorf("%s names an object after /%s/, and this test does not know what that is: add it to makers in test/access/object_test.go", pattern, noun)
			return false
		}
	}
	return true
}

// parameters gives each noun of a pattern that is followed by a parameter, and the parameter's name. The rest of a path
// ({file...}) and its end ({$}) name no object.
func parameters(pattern string) map[string]string {
	all := map[string]string{}
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if i > 0 && strings.HasPrefix(part, "{") && part != "{$}" && !strings.HasSuffix(part, "...}") {
			all[parts[i-1]] = strings.Trim(part, "{}")
		}
	}
	return all
}

// address fills the parameters of a pattern.
func (h *house) address(pattern, which string, who person) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		switch {
		case part == "{$}":
			parts[i] = ""
		case strings.HasSuffix(part, "...}"):
			parts[i] = "nothing.css"
		case strings.HasPrefix(part, "{"):
			parts[i] = h.value(parts[i-1], part, which, who)
			if parts[i-1] == "webinars" && strings.Contains(pattern, "/points") && which == own {
				o := h.ended(who)
				parts[i] = o.named(part)
			}
		}
	}
	return strings.Join(parts, "/")
}

func (o object) named(parameter string) string {
	if strings.Contains(parameter, "slug") {
		return o.slug
	}
	return o.id
}

func (h *house) value(noun, parameter, which string, who person) string {
	m := makers()[noun]
	switch which {
	case own:
		return m.make(h, who).named(parameter)
	case foreign:
		return m.make(h, h.person(stranger)).named(parameter)
	case foreign + " to change":
		return m.make(h, h.person(writer)).named(parameter)
	case missing:
		return object{uuid.NewString(), "no-such-thing"}.named(parameter)
	}
	return which // malformed, in this very way
}

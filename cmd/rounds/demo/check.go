package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Check proves that every name resolves, every key is unique and every time makes sense. It reports all faults at
// once, so that one edit can mend them all.
func (d *Data) Check() error {
	c := &checker{known: map[string]bool{}}
	c.declare(d)
	c.people(d)
	c.webinars(d)
	c.articles(d)
	c.comments(d)
	c.attendance(d)
	c.appeals(d)
	return errors.Join(c.faults...)
}

// checker collects faults; known holds "kind/key" of everything that may be named.
type checker struct {
	known  map[string]bool
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

func (c *checker) add(kind, key string) {
	if key == "" {
		c.fault("a %s has no key", kind)
	}
	if c.known[kind+"/"+key] {
		c.fault("%s %q stands here twice", kind, key)
	}
	c.known[kind+"/"+key] = true
}

func (c *checker) need(where, kind, key string) {
	if !c.known[kind+"/"+key] {
		c.fault("%s: there is no %s %q", where, kind, key)
	}
}

// filled refuses empty fields, given as name and value in turn.
func (c *checker) filled(where string, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.TrimSpace(pairs[i+1]) == "" {
			c.fault("%s: %s is empty", where, pairs[i])
		}
	}
}

func (c *checker) declare(d *Data) {
	c.filled("demo", "note", d.Note, "password", d.Password)
	for _, x := range d.Categories {
		c.add("category", x.Slug)
		c.filled("category "+x.Slug, "en", x.NameEN, "sl", x.NameSL)
	}
	for _, x := range d.Rules {
		c.add("rule", x.Key)
	}
	for _, x := range d.People {
		c.add("person", x.Key)
		c.add("e-mail", x.Email)
		c.add("licence", x.Country+" "+x.Licence)
	}
	for _, x := range d.Lecturers {
		c.add("lecturer", x.Slug)
		c.filled("lecturer "+x.Slug, "name", x.Name, "title", x.Title, "bio", x.Bio)
	}
	for _, x := range d.Webinars {
		c.add("webinar", x.Slug)
	}
	for _, x := range d.Articles {
		c.add("article", x.Slug)
	}
}

func (c *checker) people(d *Data) {
	for _, p := range d.People {
		where := "person " + p.Key
		c.filled(where, "name", p.Name, "profession", p.Profession, "speciality", p.Speciality, "language", p.Language)
		if !strings.HasSuffix(p.Email, "@rounds.example") {
			c.fault("%s: %s is not an address of rounds.example", where, p.Email)
		}
		if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "" {
			c.fault("%s: zone %q is not known", where, p.Zone)
		}
		if len(p.Country) != 2 || p.Registered >= 0 {
			c.fault("%s: country %q or registration day %d is wrong", where, p.Country, p.Registered)
		}
		c.state(where, p)
	}
	for _, l := range d.Lecturers {
		if l.Account != "" {
			c.need("lecturer "+l.Slug, "person", l.Account)
		}
	}
	for _, s := range d.Subscriptions {
		c.need("subscription", "person", s.Person)
		c.need("subscription of "+s.Person, s.Kind, s.Target)
		c.add("subscription", s.Person+" "+s.Kind+" "+s.Target)
	}
}

// state holds that exactly those who wait have a proof, and that it can be read.
func (c *checker) state(where string, p Person) {
	switch p.State {
	case "approved":
		if p.Proof != "" {
			c.fault("%s: the proof of an approved person is kept no longer", where)
		}
	case "in_review":
		if _, err := fs.Stat(files, "proofs/"+p.Proof); err != nil || p.Proof == "" {
			c.fault("%s: proof %q cannot be read", where, p.Proof)
		}
	default:
		c.fault("%s: state %q is not known", where, p.State)
	}
}

func (c *checker) webinars(d *Data) {
	for _, w := range d.Webinars {
		where := "webinar " + w.Slug
		c.need(where, "lecturer", w.Lecturer)
		c.need(where, "category", w.Category)
		c.need(where, "rule", w.Rule)
		c.filled(where, "title", w.Title, "description", w.Description, "zone", w.Zone, "video", w.Video)
		if w.Minutes <= 0 || w.Points <= 0 {
			c.fault("%s: %d minutes for %g points", where, w.Minutes, w.Points)
		}
		if _, err := w.StartsAt(time.Unix(0, 0)); err != nil {
			c.fault("%s: %v", where, err)
		}
		if w.Starts.At == "" && w.Starts.In <= 0 {
			c.fault("%s has no start", where)
		}
		if w.Starts.At != "" && w.Starts.Days >= -1 && w.Starts.Days <= 1 {
			c.fault("%s: a clock time within a day may be over or not, depending on the hour", where)
		}
	}
}

func (c *checker) articles(d *Data) {
	for _, a := range d.Articles {
		where := "article " + a.Slug
		c.need(where, "category", a.Category)
		c.filled(where, "title", a.Title, "summary", a.Summary, "author", a.Author, "disclosure", a.Disclosure, "language", a.Language)
		if a.Kind != "research" && a.Kind != "news" {
			c.fault("%s: kind %q", where, a.Kind)
		}
		if a.Published >= 0 {
			c.fault("%s is not yet published", where)
		}
	}
}

func (c *checker) comments(d *Data) {
	first := time.Unix(0, 0)
	byArticle := map[string]Article{}
	for _, a := range d.Articles {
		byArticle[a.Slug] = a
	}
	byKey := map[string]Comment{}
	for _, x := range d.Comments {
		where := "comment " + x.Key
		c.add("comment", x.Key)
		c.need(where, "article", x.Article)
		c.need(where, "person", x.Person)
		c.filled(where, "body", x.Body)
		if at := x.WrittenAt(byArticle[x.Article], first); x.Hours <= 0 || !at.Before(first) {
			c.fault("%s: %d hours after its article is not between then and now", where, x.Hours)
		}
		// A parent stands above its replies, so that they can be seeded in the order of the file.
		if p, ok := byKey[x.Parent]; x.Parent != "" && (!ok || p.Article != x.Article || p.Hours >= x.Hours) {
			c.fault("%s: parent %q is not an earlier comment on the same article", where, x.Parent)
		}
		byKey[x.Key] = x
	}
}

func (c *checker) attendance(d *Data) {
	byslug := map[string]Webinar{}
	for _, w := range d.Webinars {
		byslug[w.Slug] = w
	}
	for _, a := range d.Attendance {
		w := byslug[a.Webinar]
		c.add("attendance", a.Webinar)
		if !w.Past() {
			c.fault("attendance: %q is not a past webinar", a.Webinar)
		}
		for _, v := range a.Viewers {
			c.watch(w, v)
		}
	}
}

func (c *checker) watch(w Webinar, v Watch) {
	where := "attendance of " + w.Slug
	c.need(where, "person", v.Person)
	c.add("viewer of "+w.Slug, v.Person)
	end := -1
	for _, span := range v.Seen {
		if span[0] <= end || span[1] <= span[0] || span[1] > w.Minutes {
			c.fault("%s: %s was there from %d to %d, out of order or after the end", where, v.Person, span[0], span[1])
		}
		end = span[1]
	}
	if len(v.Seen) == 0 || v.Missed < 0 {
		c.fault("%s: %s was not there, or missed %d checks", where, v.Person, v.Missed)
	}
}

func (c *checker) appeals(d *Data) {
	for _, a := range d.Appeals {
		c.need("appeals", "viewer of "+a.Webinar, a.Person)
		c.filled("appeal of "+a.Person, "reason", a.Reason, "words", a.Words)
	}
}

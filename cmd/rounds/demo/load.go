// Package demo holds the people, articles and webinars that a first start of Rounds shows. They exist so that a
// stranger sees a living platform within a minute, and they are typed and checked like any other input, because a demo
// with a broken reference is worse than none.
//
// All people are invented and their surnames mean "example" in one language or another; the literature under the
// articles is real. Nothing here writes to a database: Load answers plain data, and seeding goes through the services.
// Times are relative to the first start, so that one webinar is always about to begin.
package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml articles/*.md proofs
var files embed.FS

// Load reads and checks the embedded demo data.
func Load() (*Data, error) { return load(files) }

// Proof opens the proof document with this name, such as "licence.pdf".
func Proof(name string) ([]byte, error) {
	raw, err := files.ReadFile(path.Join("proofs", name))
	if err != nil {
		return nil, fmt.Errorf("read demo proof: %w", err)
	}
	return raw, nil
}

func load(fsys fs.FS) (*Data, error) {
	data := &Data{}
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list demo files: %w", err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if err := decode(raw, data); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	if data.Articles, err = articles(fsys); err != nil {
		return nil, err
	}
	if err := data.Check(); err != nil {
		return nil, err
	}
	return data, nil
}

// decode refuses unknown fields: a misspelt one would silently be missing on a page.
func decode(raw []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("parse YAML: %w", err)
	}
	return nil
}

func articles(fsys fs.FS) ([]Article, error) {
	names, err := fs.Glob(fsys, "articles/*.md")
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	var all []Article
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		a, err := article(raw)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// article splits the header between two lines "---" from the Markdown below it.
func article(raw []byte) (Article, error) {
	var a Article
	rest, ok := bytes.CutPrefix(raw, []byte("---\n"))
	head, body, found := bytes.Cut(rest, []byte("\n---\n"))
	if !ok || !found {
		return a, fmt.Errorf("no header between two lines of ---")
	}
	if err := decode(head, &a); err != nil {
		return a, err
	}
	a.Body = string(bytes.TrimSpace(body)) + "\n"
	return a, nil
}

// Time is the moment itself, for a first start and a zone.
func (w When) Time(first time.Time, zone string) (time.Time, error) {
	if w.At == "" {
		return first.Add(w.In).UTC(), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("zone %q: %w", zone, err)
	}
	clock, err := time.Parse("15:04", w.At)
	if err != nil {
		return time.Time{}, fmt.Errorf("clock time %q: %w", w.At, err)
	}
	y, m, d := first.In(loc).Date()
	return time.Date(y, m, d+w.Days, clock.Hour(), clock.Minute(), 0, 0, loc).UTC(), nil
}

// StartsAt is when this webinar starts, in UTC.
func (w Webinar) StartsAt(first time.Time) (time.Time, error) { return w.Starts.Time(first, w.Zone) }

// Past tells that the webinar is over at the first start, wherever in the world that is.
func (w Webinar) Past() bool { return w.Starts.At != "" && w.Starts.Days < 0 }

// PublishedAt is when this article appeared, in UTC.
func (a Article) PublishedAt(first time.Time) time.Time {
	return first.AddDate(0, 0, a.Published).UTC()
}

// WrittenAt is when this comment was written under its article, in UTC.
func (c Comment) WrittenAt(a Article, first time.Time) time.Time {
	return a.PublishedAt(first).Add(time.Duration(c.Hours) * time.Hour)
}

// RegisteredAt is when this person registered, in UTC.
func (p Person) RegisteredAt(first time.Time) time.Time {
	return first.AddDate(0, 0, p.Registered).UTC()
}

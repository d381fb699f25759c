// Package i18n lets Rounds speak to people in their own language.
//
// Texts stand in catalogs, a folder a language and a file a subject
// (locale/en/landing.yaml, locale/sl/landing.yaml), so that pages written side
// by side never meet in one file. A key is flat and dotted ("landing.title");
// its value is a sentence, or a map of plural forms (one, two, few, other:
// Slovenian has a dual). A sentence that one language lacks is said in English,
// and a test (i18ntest) keeps that from ever being needed.
//
// A request carries one Speaker in its context; templates ask it with Say,
// Moment, Day and Ago. That keeps language and time zone out of every signature.
package i18n

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

// Fallback is the language of a sentence that the reader's language lacks.
const Fallback = "en"

// Key names a sentence. Constants of this type are checked against the catalogs
// by a test, so a sentence cannot be asked for that nobody has written.
type Key string

// Catalog holds the sentences of all languages. It never changes after Load.
type Catalog struct {
	languages  []string
	matcher    language.Matcher
	localizers map[string]*goi18n.Localizer
	plain      map[string]map[Key]string   // sentences without a blank to fill
	blank      map[string]map[Key]sentence // sentences with nothing but blanks
	zones      *Zones
	forms      map[string]map[Key][]string
}

// Load reads every <language>/<subject>.yaml below the root of fsys.
func Load(fsys fs.FS) (*Catalog, error) {
	files, err := fs.Glob(fsys, "*/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list catalogs: %w", err)
	}
	c := &Catalog{
		localizers: map[string]*goi18n.Localizer{},
		plain:      map[string]map[Key]string{},
		blank:      map[string]map[Key]sentence{},
		zones:      NewZones(),
		forms:      map[string]map[Key][]string{},
	}
	bundle := goi18n.NewBundle(language.MustParse(Fallback))
	for _, file := range files {
		if err := c.read(bundle, fsys, file); err != nil {
			return nil, fmt.Errorf("catalog %s: %w", file, err)
		}
	}
	if c.forms[Fallback] == nil {
		return nil, fmt.Errorf("no catalog for the fallback language %q", Fallback)
	}
	c.finish(bundle)
	return c, nil
}

func (c *Catalog) finish(bundle *goi18n.Bundle) {
	c.languages = slices.Sorted(maps.Keys(c.forms))
	slices.SortFunc(c.languages, func(a, b string) int { // the fallback first: the matcher's default
		return strings.Compare(rank(a)+a, rank(b)+b)
	})
	var tags []language.Tag
	for _, l := range c.languages {
		tags = append(tags, language.MustParse(l))
		c.localizers[l] = goi18n.NewLocalizer(bundle, l, Fallback)
	}
	c.matcher = language.NewMatcher(tags)
}

func rank(lang string) string {
	if lang == Fallback {
		return "0"
	}
	return "1"
}

func (c *Catalog) read(bundle *goi18n.Bundle, fsys fs.FS, file string) error {
	lang := path.Dir(file)
	tag, err := language.Parse(lang)
	if err != nil {
		return fmt.Errorf("language of the folder: %w", err)
	}
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return err
	}
	var entries map[string]any
	if err := yaml.Unmarshal(raw, &entries); err != nil {
		return err
	}
	if c.forms[lang] == nil {
		c.forms[lang], c.plain[lang], c.blank[lang] = map[Key][]string{}, map[Key]string{}, map[Key]sentence{}
	}
	for name, value := range entries {
		key := Key(name)
		if _, twice := c.forms[lang][key]; twice {
			return fmt.Errorf("key %q stands in two files", key)
		}
		msg, forms, err := message(key, value)
		if err != nil {
			return err
		}
		c.forms[lang][key] = forms
		if len(forms) == 0 && !strings.Contains(msg.Other, "{{") {
			c.plain[lang][key] = msg.Other
			continue
		}
		if s, ok := cutBlanks(msg.Other); ok && len(forms) == 0 {
			c.blank[lang][key] = s
			continue
		}
		if err := bundle.AddMessages(tag, msg); err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
	}
	return nil
}

// message turns one catalog entry into a message; forms names the plural forms it has.
func message(key Key, value any) (msg *goi18n.Message, forms []string, err error) {
	msg = &goi18n.Message{ID: string(key)}
	switch v := value.(type) {
	case string:
		msg.Other = v
		return msg, nil, nil
	case map[string]any:
		slots := map[string]*string{"one": &msg.One, "two": &msg.Two, "few": &msg.Few, "many": &msg.Many, "other": &msg.Other}
		for form, text := range v {
			slot, known := slots[form]
			sentence, isText := text.(string)
			if !known || !isText {
				return nil, nil, fmt.Errorf("key %q: %q is not a plural form with a sentence", key, form)
			}
			*slot = sentence
			forms = append(forms, form)
		}
		slices.Sort(forms)
		return msg, forms, nil
	}
	return nil, nil, fmt.Errorf("key %q: want a sentence or plural forms, got %T", key, value)
}

// Languages lists the languages there are, the fallback first.
func (c *Catalog) Languages() []string { return slices.Clone(c.languages) }

// Keys lists every key of a language, sorted.
func (c *Catalog) Keys(lang string) []Key { return slices.Sorted(maps.Keys(c.forms[lang])) }

// Forms lists the plural forms that a key has in a language; none for a plain sentence.
func (c *Catalog) Forms(lang string, key Key) []string { return c.forms[lang][key] }

// Has tells whether the fallback language knows the key.
func (c *Catalog) Has(key Key) bool {
	_, ok := c.forms[Fallback][key]
	return ok
}

// Match picks the language to speak from wishes, best first: codes ("sl") and
// Accept-Language headers alike. What cannot be understood is passed over.
func (c *Catalog) Match(wishes ...string) string {
	for _, wish := range wishes {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := c.matcher.Match(tags...); confidence > language.No {
			return c.languages[i]
		}
	}
	return Fallback
}

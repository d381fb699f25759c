package i18n

import (
	"context"
	"fmt"
	"time"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Speaker says things to one reader: in one language, in one time zone, at one moment.
type Speaker struct {
	catalog  *Catalog
	language string
	zone     *time.Location
	now      time.Time
}

// Speaker makes the speaker of one request. A language or zone that is not
// known becomes English and UTC: a page must never fail for that.
func (c *Catalog) Speaker(lang, zone string, now time.Time) *Speaker {
	if _, known := c.localizers[lang]; !known {
		lang = Fallback
	}
	location := c.Zone(zone)
	if location == nil {
		location = time.UTC
	}
	return &Speaker{catalog: c, language: lang, zone: location, now: now}
}

// Say says the sentence of a key. Blanks are filled from pairs of name and
// value; the pair "count", n also chooses the plural form:
//
//	s.Say("webinar.points", "count", 3, "title", w.Title)
//
// An unknown key is said as itself, so that a slip is seen and harms nobody.
func (s *Speaker) Say(key Key, pairs ...any) string {
	if len(pairs) == 0 {
		for _, lang := range [...]string{s.language, Fallback} {
			if text, ok := s.catalog.plain[lang][key]; ok {
				return text
			}
		}
	}
	if _, translated := s.catalog.forms[s.language][key]; !translated && s.language != Fallback {
		inEnglish := *s
		inEnglish.language = Fallback
		return inEnglish.Say(key, pairs...)
	}
	if text, ok := s.catalog.plain[s.language][key]; ok {
		return text
	}
	if text, ok := s.catalog.blank[s.language][key]; ok {
		return text.fill(pairs)
	}
	config := &goi18n.LocalizeConfig{MessageID: string(key)}
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		data[name] = pairs[i+1]
		if name == "count" {
			config.PluralCount = pairs[i+1]
		}
	}
	config.TemplateData = data
	text, err := s.catalog.localizers[s.language].Localize(config)
	if err != nil && text == "" {
		return string(key)
	}
	return text
}

// Has tells whether there is a sentence for the key.
func (s *Speaker) Has(key Key) bool { return s.catalog.Has(key) }

// Language is the code of the language spoken, such as "sl".
func (s *Speaker) Language() string { return s.language }

// Zone is the time zone in which the reader lives.
func (s *Speaker) Zone() *time.Location { return s.zone }

// In speaks the same language to somebody in another zone; one that is not known is UTC.
func (s *Speaker) In(zone string) *Speaker { return s.catalog.Speaker(s.language, zone, s.now) }

// Now is the moment of the request: one for the whole page, so that it agrees with itself.
func (s *Speaker) Now() time.Time { return s.now }

type speakerKey struct{}

// With returns a context in which s speaks.
func With(ctx context.Context, s *Speaker) context.Context {
	return context.WithValue(ctx, speakerKey{}, s)
}

// From returns the speaker of ctx; where there is none, one that says keys as themselves, in UTC.
func From(ctx context.Context) *Speaker {
	if s, ok := ctx.Value(speakerKey{}).(*Speaker); ok {
		return s
	}
	return &Speaker{catalog: mute(), language: Fallback, zone: time.UTC}
}

// mute is a catalog that knows no sentence.
func mute() *Catalog {
	c := &Catalog{localizers: map[string]*goi18n.Localizer{}, forms: map[string]map[Key][]string{Fallback: {}}, zones: NewZones()}
	c.finish(goi18n.NewBundle(language.English))
	return c
}

// Say says the sentence of a key to the reader of ctx; see Speaker.Say.
func Say(ctx context.Context, key Key, pairs ...any) string { return From(ctx).Say(key, pairs...) }

// Moment is Moment of the speaker in ctx.
func Moment(ctx context.Context, t time.Time) string { return From(ctx).Moment(t) }

// Day is Day of the speaker in ctx.
func Day(ctx context.Context, t time.Time) string { return From(ctx).Day(t) }

// Relative is Relative of the speaker in ctx.
func Relative(ctx context.Context, t time.Time) string { return From(ctx).Relative(t) }

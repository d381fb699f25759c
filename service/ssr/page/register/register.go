// Package register is where a visitor opens an account: one form, one proof, then a mail with a link.
package register

import (
	"context"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/licence"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// View is what the page shows.
type View struct{ Form form.Form }

// Accept are the types that a proof may have, for the file picker.
const Accept = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"

func choose(ctx context.Context) part.Option {
	return part.Option{Label: i18n.Say(ctx, "register.choose")}
}

func professions(ctx context.Context) []part.Option {
	options := []part.Option{choose(ctx)}
	for _, p := range licence.Professions() {
		options = append(options, part.Option{Value: p, Label: Profession(ctx, p)})
	}
	return options
}

func specialities(ctx context.Context) []part.Option {
	options := []part.Option{choose(ctx)}
	for _, s := range licence.Specialities() {
		options = append(options, part.Option{Value: s, Label: Speciality(ctx, s)})
	}
	return options
}

func countries(ctx context.Context) []part.Option {
	options := []part.Option{choose(ctx)}
	for _, c := range licence.Countries() {
		options = append(options, part.Option{Value: c, Label: Country(ctx, c)})
	}
	return options
}

// Languages are offered in themselves.
func Languages() []part.Option {
	return []part.Option{{Value: "en", Label: "English"}, {Value: "sl", Label: "Slovenščina"}}
}

// Profession names what somebody works as.
func Profession(ctx context.Context, p string) string {
	if !licence.Profession(p) {
		return p
	}
	return i18n.Say(ctx, i18n.Key("profession."+p))
}

// Speciality names a field of medicine.
func Speciality(ctx context.Context, s string) string {
	if !licence.Speciality(s) {
		return s
	}
	return i18n.Say(ctx, i18n.Key("speciality."+s))
}

// Country names a country in the reader's language.
func Country(ctx context.Context, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	tag, err := language.Parse(i18n.From(ctx).Language())
	if err != nil {
		tag = language.English
	}
	return display.Regions(tag).Name(region)
}

// Package form carries what was typed, and what is wrong with it, back into the page.
//
// A page makes a form with New, a handler reads the answer with Read, tries, and on an error shows
// the same page with f.Fail(err): what was typed stays, each sentence stands beside its field, and
// the summary at the top links to them. The idempotency key of the first page stays in the form,
// so that a second click or a second try of the browser is the same request.
package form

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
)

// KeyField is the hidden field with the idempotency key.
const KeyField = "idempotency_key"

const inMemory = 1 << 20 // of a multipart form; larger files wait on disk

// Form is one form on one page.
type Form struct {
	Key     uuid.UUID
	Values  url.Values
	labels  map[string]i18n.Key
	failure *errs.Error
}

// New is an empty form. id becomes its idempotency key.
func New(id uuid.UUID) Form { return Form{Key: id, Values: url.Values{}} }

// Read reads what was sent, URL-encoded or multipart. A form without a key is given one.
func Read(r *http.Request, newID func() uuid.UUID) (Form, error) {
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(inMemory)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return Form{}, err // the web kit knows how to say it
		}
		return Form{}, errs.Wrap(err, errs.Invalid, "form.unreadable", "The form could not be read. Please send it again.")
	}
	for _, values := range r.PostForm {
		for i := range values {
			// Bytes that are no text come from no browser, and can be passed on to nobody.
			values[i] = strings.ToValidUTF8(values[i], "\uFFFD")
		}
	}
	key, err := uuid.Parse(r.PostForm.Get(KeyField))
	if err != nil {
		key = newID()
	}
	return Form{Key: key, Values: r.PostForm}, nil
}

// Get is a field without the blanks around it.
func (f Form) Get(name string) string { return strings.TrimSpace(f.Values.Get(name)) }

// Raw is a field as it was typed, for passwords.
func (f Form) Raw(name string) string { return f.Values.Get(name) }

// All are the values of a field that can be sent several times.
func (f Form) All(name string) []string { return f.Values[name] }

// Checked tells whether a box was ticked.
func (f Form) Checked(name string) bool { return f.Values.Get(name) != "" }

// Set fills a field before the form is shown.
func (f Form) Set(name, value string) Form {
	f.Values.Set(name, value)
	return f
}

// Fail returns the form with what went wrong.
func (f Form) Fail(err error) Form {
	f.failure = errs.Of(err)
	return f
}

// Labelled returns the form with what its fields are called, for sentences that fit any field: in the summary, away from the
// field, nobody would know which one may not be empty.
func (f Form) Labelled(labels map[string]i18n.Key) Form {
	f.labels = labels
	return f
}

// Whole reads a whole number. Decimals that say nothing are taken, after either sign: "75,0" and "75.0" are 75, and "75,5" is no
// whole number in any language.
func (f Form) Whole(name string) (int32, bool) {
	whole, decimals, _ := strings.Cut(strings.Replace(f.Get(name), ",", ".", 1), ".")
	n, err := strconv.ParseInt(whole, 10, 32)
	return int32(n), err == nil && strings.Trim(decimals, "0") == ""
}

// Failed tells whether something went wrong.
func (f Form) Failed() bool { return f.failure != nil }

// Status is the status with which the page is answered.
func (f Form) Status() int {
	if f.failure == nil {
		return http.StatusOK
	}
	return errs.HTTPStatus(f.failure.Kind)
}

// Problem is what is wrong with one field, in the reader's language; empty when nothing is.
func (f Form) Problem(ctx context.Context, name string) string {
	if f.failure == nil {
		return ""
	}
	for _, field := range f.failure.Fields {
		if field.Name == name {
			return i18n.From(ctx).Field(field, f.failure.Args)
		}
	}
	return ""
}

// Code is what is wrong with one field, for a page that offers a way out; empty when nothing is.
func (f Form) Code(name string) string {
	if f.failure == nil {
		return ""
	}
	for _, field := range f.failure.Fields {
		if field.Name == name {
			return field.Code
		}
	}
	return ""
}

// Problem is a line of the error summary. Field is empty for what concerns the whole form.
type Problem struct{ Field, Sentence string }

// Problems are the lines of the error summary.
func (f Form) Problems(ctx context.Context) []Problem {
	if f.failure == nil {
		return nil
	}
	var all []Problem
	if len(f.failure.Fields) == 0 {
		all = append(all, Problem{Sentence: i18n.From(ctx).Error(f.failure)})
	}
	for _, field := range f.failure.Fields {
		sentence := i18n.From(ctx).Field(field, f.failure.Args)
		if label, ok := f.labels[field.Name]; ok && slices.Contains(anyField(), field.Code) {
			sentence = i18n.Say(ctx, "part.named", "label", i18n.Say(ctx, label), "sentence", sentence)
		}
		all = append(all, Problem{Field: field.Name, Sentence: sentence})
	}
	return all
}

// anyField are the codes whose sentences fit any field, so that they name none.
func anyField() []string { return []string{"content.empty", "content.too_long", "content.choice"} }

// Moment reads the three fields of a date-time picker: <name>_date, <name>_time and <name>_zone.
func (f Form) Moment(name string) (time.Time, string, error) {
	zone := f.Get(name + "_zone")
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return time.Time{}, "", errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field(name, "form.zone", "Choose a time zone from the list.")
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", f.Get(name+"_date")+" "+f.Get(name+"_time"), location)
	if err != nil {
		return time.Time{}, zone, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field(name, "form.moment", "Enter a date and a time, such as 26 November 2026 and 18:00.")
	}
	return at.UTC(), zone, nil
}

// SetMoment fills the three fields of a date-time picker.
func (f Form) SetMoment(name string, at time.Time, zone string) Form {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location, zone = time.UTC, "UTC"
	}
	at = at.In(location)
	return f.Set(name+"_date", at.Format(time.DateOnly)).Set(name+"_time", at.Format("15:04")).Set(name+"_zone", zone)
}

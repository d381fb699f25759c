package form_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
)

func post(values url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestReadKeepsWhatWasTypedAndTheKey(t *testing.T) {
	t.Parallel()
	key := uuid.New()
	f, err := form.Read(post(url.Values{form.KeyField: {key.String()}, "name": {"  Ana  "}, "ok": {"yes"}}), uuid.New)
	if err != nil {
		t.Fatal(err)
	}
	if f.Key != key || f.Get("name") != "Ana" || f.Raw("name") != "  Ana  " || !f.Checked("ok") || f.Checked("no") {
		t.Errorf("read %+v", f)
	}
	if f.Failed() || f.Status() != http.StatusOK {
		t.Error("a form that was only read has not failed")
	}
}

func TestReadGivesAKeyWhereNoneCame(t *testing.T) {
	t.Parallel()
	fresh := uuid.New()
	for _, sent := range []string{"", "not a key"} {
		f, err := form.Read(post(url.Values{form.KeyField: {sent}}), func() uuid.UUID { return fresh })
		if err != nil || f.Key != fresh {
			t.Errorf("%q: key %v, error %v", sent, f.Key, err)
		}
	}
}

func TestReadMultipart(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if err := m.WriteField("name", "Žiga"); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	f, err := form.Read(r, uuid.New)
	if err != nil || f.Get("name") != "Žiga" {
		t.Errorf("got %q, %v", f.Get("name"), err)
	}
}

func TestReadRefusesWhatIsNoForm(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("%zz"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := form.Read(r, uuid.New); errs.KindOf(err) != errs.Invalid {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	catalog, err := i18n.Load(fstest.MapFS{"en/a.yaml": {Data: []byte("err.x.short: 'At least {{.min}} letters'\nerr.x.gone: Gone")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := i18n.With(context.Background(), catalog.Speaker("en", "UTC", time.Now()))

	f := form.New(uuid.New()).Fail(errs.New(errs.Invalid, "x", "Check").With("min", "3").Field("name", "x.short", "Too short").Field("age", "x.unknown", "Carried sentence"))
	if got := f.Problem(ctx, "name"); got != "At least 3 letters" {
		t.Errorf("translated with its value: got %q", got)
	}
	if got := f.Problem(ctx, "age"); got != "Carried sentence" {
		t.Errorf("without a translation: got %q", got)
	}
	if got := f.Problem(ctx, "other"); got != "" {
		t.Errorf("nothing is wrong with it: got %q", got)
	}
	if got := f.Problems(ctx); len(got) != 2 || got[0].Field != "name" {
		t.Errorf("summary %+v", got)
	}
	whole := form.New(uuid.New()).Fail(errs.New(errs.Conflict, "x.gone", "It is gone."))
	if got := whole.Problems(ctx); len(got) != 1 || got[0].Field != "" || got[0].Sentence != "Gone" {
		t.Errorf("summary of the whole form %+v", got)
	}
	if whole.Status() != http.StatusConflict {
		t.Errorf("status %d", whole.Status())
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	f := form.New(uuid.New()).SetMoment("starts", at, "Europe/Ljubljana")
	if f.Get("starts_time") != "18:00" {
		t.Errorf("shown at %s", f.Get("starts_time"))
	}
	got, zone, err := f.Moment("starts")
	if err != nil || !got.Equal(at) || zone != "Europe/Ljubljana" {
		t.Errorf("got %v %s %v", got, zone, err)
	}
	for name, broken := range map[string]form.Form{
		"zone":    form.New(uuid.New()).SetMoment("starts", at, "UTC").Set("starts_zone", "../etc"),
		"date":    form.New(uuid.New()).SetMoment("starts", at, "UTC").Set("starts_date", "2026-02-31"),
		"no time": form.New(uuid.New()).SetMoment("starts", at, "UTC").Set("starts_time", ""),
	} {
		if _, _, err := broken.Moment("starts"); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is no text cannot be passed on to anybody; the rest of what was typed is kept.
func TestReadKeepsText(t *testing.T) {
	t.Parallel()
	f, err := form.Read(post(url.Values{"name": {"Ni\xffka"}}), uuid.New)
	if err != nil || f.Get("name") != "Ni\uFFFDka" {
		t.Errorf("got %q, %v", f.Get("name"), err)
	}
}

// A comma is as good as a dot, and what has decimals is no whole number.
func TestWhole(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int32{"75": 75, "75,0": 75, "75.00": 75, "-3": -3, "0": 0} {
		if got, ok := form.New(uuid.New()).Set("n", typed).Whole("n"); !ok || got != want {
			t.Errorf("%q is %d, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "75,5", "75.5", "1.000,5", "many", "3000000000", ",0"} {
		if got, ok := form.New(uuid.New()).Set("n", typed).Whole("n"); ok {
			t.Errorf("%q is %d", typed, got)
		}
	}
}

// A sentence that fits any field says in the summary which one it means.
func TestLabels(t *testing.T) {
	t.Parallel()
	catalog, err := i18n.Load(fstest.MapFS{"en/a.yaml": {Data: []byte("x.label: Title\npart.named: '{{.label}}: {{.sentence}}'")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := i18n.With(context.Background(), catalog.Speaker("en", "UTC", time.Now()))
	f := form.New(uuid.New()).Labelled(map[string]i18n.Key{"title": "x.label", "age": "x.label"}).
		Fail(errs.New(errs.Invalid, "x", "Check").Field("title", "content.empty", "Not empty.").Field("age", "x.age", "Enter your age."))
	if got := f.Problems(ctx); got[0].Sentence != "Title: Not empty." || got[1].Sentence != "Enter your age." || f.Problem(ctx, "title") != "Not empty." {
		t.Errorf("got %+v", got)
	}
}

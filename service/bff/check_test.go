package bff

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
)

func valid(t *testing.T) *bffpb.RegisterRequest {
	t.Helper()
	return &bffpb.RegisterRequest{
		Email: " Nika@Example.org ", Password: "zelena kava ob sedmih", Name: "Nika  Zgled", Profession: "physician", Speciality: "none",
		LicenceNumber: "0029001", Country: "SI", Language: "sl", Zone: "Europe/Ljubljana", Consent: true,
		Proof: &bffpb.Document{FileName: `C:\scans\licence.png`, MediaType: "text/html", Content: tiny(t)},
	}
}

func tiny(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	r, err := registration(valid(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.GetEmail() != "nika@example.org" || r.GetName() != "Nika Zgled" || r.GetProof().GetMediaType() != "image/png" || r.GetProof().GetFileName() != "licence.png" {
		t.Errorf("%v", r)
	}
	long := strings.Repeat("ž", 5000)
	for _, c := range []struct {
		field, code string
		spoil       func(*bffpb.RegisterRequest)
	}{
		{"name", "register.name", func(q *bffpb.RegisterRequest) { q.Name = " \u200b\x00 " }},
		{"name", "register.name_long", func(q *bffpb.RegisterRequest) { q.Name = long }},
		{"email", "register.email", func(q *bffpb.RegisterRequest) { q.Email = "" }},
		{"email", "register.email_long", func(q *bffpb.RegisterRequest) { q.Email = long + "@x.si" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "nika" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "nika@localhost" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "nika@example.org." }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "root@[10.0.0.5]" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "root@10.0.0.5" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "Nika <nika@example.org>" }},
		{"email", "register.email_form", func(q *bffpb.RegisterRequest) { q.Email = "nika@example.org\r\nBcc: all@example.org" }},
		{"password", "password.short", func(q *bffpb.RegisterRequest) { q.Password = "short" }},
		{"password", "password.long", func(q *bffpb.RegisterRequest) { q.Password = long }},
		{"profession", "register.profession", func(q *bffpb.RegisterRequest) { q.Profession = "king" }},
		{"speciality", "register.speciality", func(q *bffpb.RegisterRequest) { q.Speciality = "" }},
		{"country", "register.country", func(q *bffpb.RegisterRequest) { q.Country = "Slovenia" }},
		{"licence_number", "register.licence", func(q *bffpb.RegisterRequest) { q.LicenceNumber = "" }},
		{"licence_number", "register.licence_form", func(q *bffpb.RegisterRequest) { q.LicenceNumber = "12'; DROP TABLE account" }},
		{"language", "register.language", func(q *bffpb.RegisterRequest) { q.Language = "tlh" }},
		{"zone", "form.zone", func(q *bffpb.RegisterRequest) { q.Zone = "../../etc/passwd" }},
		{"zone", "form.zone", func(q *bffpb.RegisterRequest) { q.Zone = "Local" }},
		{"consent", "register.consent", func(q *bffpb.RegisterRequest) { q.Consent = false }},
		{"proof", "proof.missing", func(q *bffpb.RegisterRequest) { q.Proof = nil }},
		{"proof", "proof.empty", func(q *bffpb.RegisterRequest) { q.Proof.Content = nil }},
		{"proof", "proof.large", func(q *bffpb.RegisterRequest) { q.Proof.Content = make([]byte, mostProof+1) }},
		{"proof", "proof.type", func(q *bffpb.RegisterRequest) { q.Proof.Content = []byte("<svg onload=alert(1)>") }},
		{"proof", "proof.type", func(q *bffpb.RegisterRequest) { q.Proof.Content = []byte("\x89PNG\r\n\x1a\nnot a picture") }},
		{"proof", "proof.type", func(q *bffpb.RegisterRequest) { q.Proof.Content = []byte("%PDF-1.4 cut off") }},
	} {
		q := valid(t)
		c.spoil(q)
		_, err := registration(q)
		if err == nil {
			t.Errorf("%s: %s passes", c.field, c.code)
			continue
		}
		e := errs.Of(err)
		if e.Kind != errs.Invalid || len(e.Fields) != 1 || e.Fields[0].Name != c.field || e.Fields[0].Code != c.code {
			t.Errorf("want %s %s, got %v", c.field, c.code, e.Fields)
		}
	}
	if _, err := registration(&bffpb.RegisterRequest{}); len(errs.Of(err).Fields) != 11 {
		t.Errorf("an empty form has %d faults", len(errs.Of(err).Fields))
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.pdf": "a.pdf", "../../etc/passwd": "passwd", `..\..\x.pdf`: "x.pdf", "": "proof.pdf", "/": "proof.pdf", "a\x00b\n.pdf": "ab .pdf",
	} {
		if got := fileName(name, "application/pdf"); got != want {
			t.Errorf("fileName(%q) = %q, want %q", name, got, want)
		}
	}
	if got := fileName(strings.Repeat("ž", 400), ""); len([]rune(got)) != 150 {
		t.Errorf("%d letters", len([]rune(got)))
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"x", "AAAA", strings.Repeat("A", 10000), pageToken(time.Now(), [16]byte{}) + "A"} {
		if _, _, err := cursor(hostile); !errs.HasCode(err, "page.token") {
			t.Errorf("%.20q: %v", hostile, err)
		}
	}
	now := time.Now().UTC()
	if at, _, err := cursor(pageToken(now, [16]byte{1})); err != nil || !at.Equal(now) {
		t.Errorf("%v, %v", at, err)
	}
}

// TestRegistry bears a registry that is slow, down and wrong, and leaves it alone for a while.
func TestRegistry(t *testing.T) {
	t.Parallel()
	status, body, calls := http.StatusOK, `{"name":"Nika Zgled","profession":"nurse","valid_until":"2020-01-01"}`, 0
	chamber := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(chamber.Close)
	now := time.Now()
	r := newRegistry(chamber.URL, func() time.Time { return now })
	q := asked{"SI", "0029001", "nika zgled", "physician", "none"}
	got := r.ask(t.Context(), q)
	if got.GetState() != "found" || !slices.Equal(got.GetFlags(), []string{"profession", "expired"}) {
		t.Errorf("%v", got)
	}
	status = http.StatusNotFound
	if got := r.ask(t.Context(), q); got.GetState() != "not_found" {
		t.Errorf("%v", got)
	}
	status, body = http.StatusOK, `{"name":`
	for range registryFailures {
		if got := r.ask(t.Context(), q); got.GetState() != "unavailable" {
			t.Errorf("%v", got)
		}
	}
	before := calls
	if got := r.ask(t.Context(), q); got.GetState() != "unavailable" || calls != before {
		t.Errorf("a registry that fails is asked again at once: %v", got)
	}
	now, body = now.Add(registryRest+time.Second), `{"name":"Nika Zgled"}`
	if got := r.ask(t.Context(), q); got.GetState() != "found" {
		t.Errorf("after the rest: %v", got)
	}
	if got := newRegistry("", time.Now).ask(t.Context(), q); got.GetState() != "not_asked" {
		t.Errorf("%v", got)
	}
}

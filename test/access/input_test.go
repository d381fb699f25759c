package access

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// input is the message that a door of the API takes; nil where it takes none.
func (h *house) input(d door) protoreflect.MessageDescriptor {
	for _, one := range rules(h.t) {
		if one.place() == place(d.Method, d.Pattern) {
			return one.rpc(h.t).Input()
		}
	}
	return nil
}

// json is a message as the API takes it.
func (h *house) json(d protoreflect.MessageDescriptor, b bad) []byte {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, AllowPartial: true}.Marshal(b.message(d))
	if err != nil {
		return nil // A time or a number that JSON does not know: then this way of being bad is no way of the API.
	}
	return raw
}

// wellFormed is a body in which every field has something of its kind, about nothing that is there.
func (h *house) wellFormed(d door) []byte {
	if m := h.input(d); m != nil {
		return h.json(m, badValues()[0])
	}
	return nil
}

// body is something that nobody should send.
type body struct {
	media string
	text  []byte
}

var (
	jsonString = regexp.MustCompile(`"(:\s*)"[^"]*"`)
	jsonLeaf   = regexp.MustCompile(`"(:\s*)("[^"]*"|-?[0-9.e+]+|true|false)`)
)

// jsonBodies are those for a door of the API.
func (h *house) jsonBodies(d door) []body {
	var all []body
	add := func(texts ...[]byte) {
		for _, text := range texts {
			all = append(all, body{"application/json", text})
		}
	}
	good := h.wellFormed(d)
	for _, b := range badValues() {
		if m := h.input(d); m != nil {
			add(h.json(m, b))
		}
	}
	for _, wrong := range []string{`{}`, `[]`, `null`, `true`, `-1`, `1e999`, `"x"`, `[{"a":[null]}]`, `{"seconds":"x"}`} {
		add(jsonLeaf.ReplaceAll(good, []byte(`"${1}`+wrong)))
	}
	add(jsonString.ReplaceAll(good, []byte("\"${1}\"\xff\xfe\"")), jsonString.ReplaceAll(good, []byte(`"${1}"\ud800\u0000"`)))
	add(nil, []byte(`{}`), []byte(`null`), []byte(`[]`), []byte(`"text"`), []byte(`{`), []byte(`{"nobody_knows_this": 1}`), []byte("\x00\xff"),
		bytes.Repeat([]byte("["), 20_000), bytes.Repeat([]byte(`{"a":`), 5_000), bytes.Repeat([]byte(" "), int(d.MaxBody())+1))
	return append(all, body{form, []byte("a=b")}, body{"text/plain", good}, body{"multipart/form-data", good}, body{"\x00", good})
}

// fields are all names by which pages read a form or an address, found in their sources: who adds one adds it here too.
func fields(t *testing.T) (ofForms, ofAddresses []string) {
	t.Helper()
	found, asked := map[string]bool{"idempotency_key": true}, map[string]bool{}
	read := regexp.MustCompile(`\.(?:Get|Raw|All|Checked|FormValue|FormFile|Has|Set|Moment)\("([a-z_]+)"`)
	query := regexp.MustCompile(`(?:Query\(\)|\bq|query|FormValue)(?:\.Get)?\("([a-z_]+)"\)`)
	for _, service := range []string{"ssr", "auth", "notificationcenter"} {
		sources(t, service, ".go", func(_, text string) {
			for _, name := range query.FindAllStringSubmatch(text, -1) {
				asked[name[1]] = true
			}
			for _, name := range read.FindAllStringSubmatch(text, -1) {
				found[name[1]] = true
				if strings.HasPrefix(name[0], ".Moment") {
					found[name[1]+"_date"], found[name[1]+"_time"], found[name[1]+"_zone"] = true, true, true
				}
			}
		})
	}
	if len(found) < 30 || len(asked) < 5 {
		t.Fatalf("only %d names of fields and %d of queries: the test does not see them", len(found), len(asked))
	}
	return slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(asked))
}

// texts are what nobody should type, short enough for all fields of a form at once.
func texts() []string {
	return []string{
		"", " ", "a\x00b", "\xff\xfe", "-1", "99999999999999999999", "1' OR '1'='1' --", "<script>alert(1)</script>", "../../etc/passwd",
		"\x01\x1b[31m\r\nX-Header: y", "\u202e\u0301👩‍⚕️\ufeff", "%", `\`, strings.Repeat("ž", 300), "2026-13-45", "NaN",
		"00000000-0000-0000-0000-000000000000", "{{.}}", "=1+1", "Europe/../../etc",
	}
}

func filled(names []string, text string) url.Values {
	values := url.Values{}
	for _, name := range names {
		values.Set(name, text)
	}
	return values
}

// formBodies are those for a page.
func formBodies(d door, names []string) []body {
	var all []body
	for i, text := range texts() {
		values := filled(names, text)
		all = append(all, body{form, []byte(values.Encode())})
		if takesFiles := d.MaxBody() > 1<<20; takesFiles || i < 4 {
			all = append(all, parts(values, text))
		}
	}
	twice := filled(names, "a")
	for name := range twice {
		twice.Add(name, "b")
	}
	const boundary = "multipart/form-data; boundary=x"
	return append(all, body{form, []byte(twice.Encode())}, body{form, []byte("%zz=%")}, body{form, bytes.Repeat([]byte("a=b&"), 20_000)},
		body{form, bytes.Repeat([]byte("a"), int(d.MaxBody())+1)}, body{"", []byte("a=b")}, body{"application/json", []byte(`{}`)},
		body{"multipart/form-data", []byte("--x")}, body{boundary, []byte("--x\r\n")}, body{boundary, nil},
		body{boundary, []byte("--x\r\nContent-Disposition: form-data; name=\"proof\"; filename=\"\xff\x00/../a\r\n\r\n%PDF-\r\n--x--")})
}

// parts is a form with a file in every field, whose name is bad too.
func parts(values url.Values, name string) body {
	var b strings.Builder
	clean := strings.NewReplacer("\r", "", "\n", "", `"`, `\"`).Replace(name)
	for field, content := range values {
		b.WriteString("--x\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + content[0] + "\r\n")
	}
	for _, field := range []string{"proof", "file"} {
		b.WriteString("--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + clean + "\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4 %%EOF\r\n")
	}
	b.WriteString("--x--\r\n")
	return body{"multipart/form-data; boundary=x", []byte(b.String())}
}

// somebody finds a role that may come in, the one with most rights first.
func (h *house) somebody(d door) person {
	for _, role := range []string{"administrator", "analyst", "host", "member", "applicant"} {
		if p := h.person(role); h.admitted(d, p) {
			return p
		}
	}
	return person{role: visitor}
}

// TestBadInput sends to every route what nobody should send: bodies to those that change something, addresses to all others.
// What holds for every answer is in inspect.
func TestBadInput(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	names, queries := fields(t)
	each(h.doors(), func(d door) {
		who := h.somebody(d)
		w := wish{door: d, who: who, path: h.address(d.Pattern, own, who)}
		if !d.changes() {
			h.badAddresses(w, queries)
			return
		}
		bodies := formBodies(d, names)
		if d.service == "bff" {
			bodies = h.jsonBodies(d)
		}
		for _, b := range bodies {
			w.media, w.body, w.who = b.media, b.text, h.fresh(who)
			answer := h.ask(w)
			if int64(len(b.text)) > d.MaxBody() && answer.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s with %d bytes: %d, want 413", w, len(b.text), answer.Code)
			}
		}
	})
}

// fresh is the same kind of person again, where calls end sessions or change the account.
func (h *house) fresh(p person) person {
	if p.role == visitor {
		return p
	}
	return h.person(p.role)
}

func (h *house) badAddresses(w wish, names []string) {
	if m := h.input(w.door); m != nil {
		names = nil
		for i := range m.Fields().Len() {
			names = append(names, string(m.Fields().Get(i).Name()))
		}
	}
	for _, text := range slices.DeleteFunc(texts(), func(text string) bool { return len(text) > 100 }) {
		for group := range slices.Chunk(names, 30) { // an address has an end
			w.query = filled(group, text).Encode()
			h.ask(w)
		}
	}
	for _, query := range []string{"%zz=%", "a;b", strings.Repeat("a=b&", 900), "=", "&&&"} {
		w.query = query
		h.ask(w)
	}
}

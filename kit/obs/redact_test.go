package obs

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The slow way applies every expression to every value and makes new text of every key. It is easy to believe, so the fast
// way is held against it.

func slowAttr(_ []string, a slog.Attr) slog.Attr {
	if slowWithheld(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	v := a.Value.Resolve()
	limit := maxText
	if a.Key == "stack" {
		limit = maxStack
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, slowMask(cut(v.String(), limit)))
	case slog.KindAny:
		return slog.Any(a.Key, slowFlat(v.Any(), limit))
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func slowFlat(v any, limit int) any {
	switch x := v.(type) {
	case nil:
		return nil
	case *slog.Source, slog.Level:
		return x
	case error:
		return slowMask(cut(x.Error(), limit))
	case encoding.TextMarshaler: // ids, addresses of networks
		text, err := x.MarshalText()
		if err != nil {
			return Redacted
		}
		return slowMask(cut(string(text), limit))
	case []string:
		return slowMask(cut(strings.Join(x, " "), limit))
	case string, fmt.Stringer:
		return slowMask(cut(fmt.Sprint(x), limit))
	default:
		return slowShape(x, limit)
	}
}

func slowShape(v any, limit int) any {
	switch v.(type) {
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return v
	case []int, []int64, []bool, []float64:
		return cut(fmt.Sprint(v), limit)
	}
	return fmt.Sprintf("[%T]", v)
}

func slowWithheld(key string) bool {
	k := strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(key))
	switch k {
	case "name", "body", "text", "query", "form", "payload", "cookie", "authorization", "address", "ip",
		"firstname", "lastname", "fullname", "displayname", "username", "person", "subject", "recipient", "to",
		"licence", "license", "licencenumber", "licensenumber", "profession", "speciality", "user", "comment":
		return true
	}
	for _, part := range []string{"email", "passw", "secret", "token", "phone", "jwt", "apikey", "privatekey"} {
		if strings.Contains(k, part) {
			return true
		}
	}
	return false
}

func slowMask(s string) string {
	for _, p := range patterns {
		s = p.re.ReplaceAllString(s, p.to)
	}
	return s
}

// hostile are pieces of which texts are put together that might slip past a cheap look.
func hostile() []string {
	return []string{
		"", " ", "=", "@", "%40", "%", ":", "://", "a://b:", "eyJ", "eyJhbGci", ".", "bearer ", "BEARER\t", "bea", "Bearer", "token=", "TOKEN=",
		"to\u212Aen=", "\u017Fecret=", "pa\u017Fsword=", "\u017Fig=", "\u212Aey=", "code=", "x_token=", "key", "sig=", "-----BEGIN ", "PRIVATE KEY-----",
		"-----END PRIVATE KEY-----", "RSA ", ")=(", ")", "=(", "Key (email)=(a) exists", "ana", "č", "\xff", "\x00", "\n", "&", "\"", "'", "/", "-",
		"ana@x.example", "[token]", "[redacted]", "[email]", "4bf92f3577b34da6a3ce929d0e0e4736", "/rounds.bff.v1.Content/Article",
	}
}

func agree(t *testing.T, text string) {
	t.Helper()
	if got, want := Mask(text), slowMask(text); got != want {
		t.Errorf("Mask(%q) is %q, want %q", text, got, want)
	}
	if got, want := withheld(text), slowWithheld(text); got != want {
		t.Errorf("withheld(%q) is %v, want %v", text, got, want)
	}
}

func FuzzRedactsAsTheSlowWay(f *testing.F) {
	for _, piece := range hostile() {
		f.Add(piece)
		f.Add("token=" + piece + "@x")
	}
	f.Fuzz(agree)
}

func TestRedactsAsTheSlowWay(t *testing.T) {
	t.Parallel()
	pieces := hostile()
	dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same texts each time
	for range 20_000 {
		var text strings.Builder
		for range 1 + dice.IntN(8) {
			text.WriteString(pieces[dice.IntN(len(pieces))])
		}
		agree(t, text.String())
	}
}

func TestKeysAreWithheldAsTheSlowWay(t *testing.T) {
	t.Parallel()
	words := []string{
		"name", "Full_Name", "e-mail", "E.Mail", "email", "passw", "password", "PASS-WORD", "secret", "to", "token", "to.ken", "jwt", "api_key", "apikey",
		"private-key", "phone", "ip", "user", "-", "_", ".", "x", "trace", "K", "\u212A", "\u0130p", "\u017Fecret", "license", "unit", strings.Repeat("a", 62),
	}
	for _, a := range words {
		for _, b := range words {
			for _, c := range words {
				agree(t, a+b+c)
			}
		}
	}
}

func values() []any {
	return []any{
		nil, 1, 2.5, true, "plain", "to ana@x.example", []byte("raw"),
		[]int{1, 2},
		[]string{"a", "b@c.d"},
		errors.New("bearer abc"), uuid.Nil, slog.LevelWarn,
		struct{ Name string }{"Ana"},
		map[string]int{"a": 1},
		slog.GroupValue(slog.String("a", "b")), fmt.Errorf("x: %w", errors.New("token=1")), &slog.Source{},
		bytes.NewBufferString("token=2"), strings.Repeat("č", maxText), uint8(3),
	}
}

func TestValuesAreRedactedAsTheSlowWay(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"note", "email", "stack", "error"} {
		for _, value := range values() {
			attr := slog.Any(key, value)
			if got, want := redactAttr(nil, attr), slowAttr(nil, attr); got.Key != want.Key || got.Value.String() != want.Value.String() ||
				got.Value.Kind() != want.Value.Kind() {
				t.Errorf("%v is %v, want %v", attr, got, want)
			}
		}
	}
}

// A unit leaves redaction to a logger of ours, and does it for every other.
func TestUnitsRedactForOtherLoggers(t *testing.T) {
	t.Parallel()
	var ours, other bytes.Buffer
	for log, out := range map[*slog.Logger]*bytes.Buffer{
		NewLogger(&ours, slog.LevelInfo).With("service", "x").WithGroup("g"): &ours,
		slog.New(slog.NewJSONHandler(&other, nil)):                           &other,
	} {
		_, unit := Start(t.Context(), log, "http", "GET /")
		unit.Set("note", "to ana@x.example").Set("email", "b@c.d").End(errors.New("token=abc"))
		for _, secret := range []string{"ana", "b@c", "abc"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%q is in %s", secret, out.String())
			}
		}
	}
}

//nolint:paralleltest // memory is counted for the whole process
func TestHarmlessLinesCostNoMemory(t *testing.T) {
	attrs := []slog.Attr{
		slog.String("trace", "4bf92f3577b34da6a3ce929d0e0e4736"), slog.String("unit", "/rounds.bff.v1.Content/Article"), slog.String("outcome", "ok"),
		slog.Float64("ms", 1.25), slog.String("service", "ssr"), slog.Int("status", 200), slog.String("route", "GET /articles/{slug}"),
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, attr := range attrs {
			redactAttr(nil, attr)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// typical is what a call leaves in the log.
func typical(b *testing.B, log *slog.Logger) {
	b.Helper()
	account := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	b.ReportAllocs()
	for b.Loop() {
		_, unit := Start(b.Context(), log, "rpc", "/rounds.bff.v1.Content/Article")
		unit.Set("service", "bff").Set("caller", "ssr").Set("account", account).Set("article", account).Set("status", 200).Set("bytes", int64(48213)).
			Set("route", "GET /articles/{slug}").Set("path", "/articles/anticoagulation-in-atrial-fibrillation").End(nil)
	}
}

func BenchmarkUnit(b *testing.B) { typical(b, NewLogger(io.Discard, slog.LevelInfo)) }

// BenchmarkUnitSlowWay is the same line with every expression on every value, twice, as it was.
func BenchmarkUnitSlowWay(b *testing.B) {
	inner := slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		return slowAttr(groups, slowAttr(groups, a))
	}})
	typical(b, slog.New(redacting{inner}))
}

package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// clock is moved by hand.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}
func (c *clock) move(d time.Duration) { c.offset.Add(int64(d)) }

type fixture struct {
	dir      string
	kid      string
	clock    *clock
	signer   *token.Signer
	verifier *token.Verifier
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{dir: filepath.Join(t.TempDir(), "keys"), clock: &clock{}}
	kid, err := token.Generate(f.dir, f.clock.now(), 2)
	if err != nil {
		t.Fatal(err)
	}
	f.kid = kid
	f.signer = token.NewSigner(f.dir, f.clock.now)
	f.verifier = token.NewVerifier(filepath.Join(f.dir, token.PublicFile), f.clock.now)
	return f
}

func (f *fixture) claims() token.Claims {
	return token.Claims{
		Account: uuid.New(), Session: uuid.New(), Roles: []string{token.Member, token.Host},
		Language: "sl", Zone: "Europe/Ljubljana", Expires: f.clock.now().Add(10 * time.Minute),
	}
}

func (f *fixture) sign(t *testing.T) string {
	t.Helper()
	raw, err := f.signer.Sign(f.claims())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sent := f.claims()
	raw, err := f.signer.Sign(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.verifier.Verify(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account != sent.Account || got.Session != sent.Session || !got.Has(token.Host) || got.Has(token.Administrator) ||
		got.Language != "sl" || got.Zone != "Europe/Ljubljana" || !got.Issued.Equal(f.clock.now()) || !got.Expires.Equal(sent.Expires) || got.Raw() != raw {
		t.Errorf("got %+v", got)
	}
	ctx := token.With(t.Context(), got)
	if who, ok := token.From(ctx); !ok || who.Account != sent.Account {
		t.Error("claims in ctx")
	}
	if _, ok := token.From(t.Context()); ok {
		t.Error("nobody is logged in")
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "who", got)
	for _, text := range []string{fmt.Sprint(got), fmt.Sprintf("%+v %#v %s", got, got, got), b.String()} {
		if strings.Contains(text, raw) || strings.Contains(text, "eyJ") {
			t.Errorf("the token is in %q", text)
		}
	}
}

func TestExpiryAndLeeway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.sign(t)
	f.clock.move(10*time.Minute + 4*time.Second)
	if _, err := f.verifier.Verify(raw); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	f.clock.move(2 * time.Second)
	if _, err := f.verifier.Verify(raw); !errs.HasCode(err, token.CodeExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := f.signer.Sign(token.Claims{Expires: f.clock.now()}); err == nil {
		t.Error("signed a token that is never valid")
	}
}

// A stranger who knows everything public must not get in.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := f.sign(t)
	parts := strings.Split(good, ".")
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(f.dir, token.PublicFile))
	if err != nil {
		t.Fatal(err)
	}
	own := readKey(t, f)
	der, err := x509.MarshalPKIXPublicKey(&own.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	now := f.clock.now()
	base := func() jwt.MapClaims {
		return jwt.MapClaims{
			"iss": token.Issuer, "aud": token.Audience, "sub": uuid.NewString(), "sid": uuid.NewString(),
			"roles": []string{"administrator"}, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		}
	}
	forge := func(m jwt.SigningMethod, key any, kid any, change func(jwt.MapClaims, map[string]any)) string {
		c := base()
		tok := jwt.NewWithClaims(m, c)
		if kid != nil {
			tok.Header["kid"] = kid
		}
		if change != nil {
			change(c, tok.Header)
		}
		raw, err := tok.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	with := func(key string, value any) string {
		return forge(jwt.SigningMethodES256, own, f.kid, func(c jwt.MapClaims, _ map[string]any) {
			if value == nil {
				delete(c, key)
			} else {
				c[key] = value
			}
		})
	}
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	if _, err := f.verifier.Verify(with("roles", []string{"member"})); err != nil {
		t.Fatalf("the base of the table must be a good token: %v", err)
	}
	for name, raw := range map[string]string{
		"empty": "", "dots": "..", "no dots": "x", "four parts": good + ".x", "zero byte": good[:10] + "\x00" + good[10:],
		"very long":           strings.Repeat("a", 1<<20),
		"truncated":           good[:len(good)-3],
		"without signature":   parts[0] + "." + parts[1] + ".",
		"longer signature":    good + "AA",
		"other payload":       parts[0] + "." + b64(`{"sub":"x","exp":9999999999}`) + "." + parts[2],
		"null payload":        parts[0] + "." + b64(`null`) + "." + parts[2],
		"zero signature":      parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make64()),
		"alg none":            forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, f.kid, nil),
		"alg None, no sig":    b64(`{"alg":"None","kid":"`+f.kid+`"}`) + "." + parts[1] + ".",
		"HS256 with the JWKS": forge(jwt.SigningMethodHS256, public, f.kid, nil),
		"HS256 with the PEM":  forge(jwt.SigningMethodHS256, asPEM, f.kid, nil),
		"HS256 with the DER":  forge(jwt.SigningMethodHS256, der, f.kid, nil),
		"ES384":               forge(jwt.SigningMethodES384, p384, f.kid, nil),
		"foreign key":         forge(jwt.SigningMethodES256, foreign, f.kid, nil),
		"foreign kid":         forge(jwt.SigningMethodES256, own, "somebody", nil),
		"no kid":              forge(jwt.SigningMethodES256, own, nil, nil),
		"kid a path":          forge(jwt.SigningMethodES256, foreign, "../../etc/passwd", nil),
		"kid a number":        forge(jwt.SigningMethodES256, own, 7, nil),
		"kid an object":       forge(jwt.SigningMethodES256, own, map[string]string{"a": "b"}, nil),
		"kid SQL":             forge(jwt.SigningMethodES256, foreign, "' OR 1=1 --", nil),
		"jku": forge(jwt.SigningMethodES256, foreign, f.kid, func(_ jwt.MapClaims, h map[string]any) {
			h["jku"] = "https://evil.example/jwks.json"
		}),
		"crit": forge(jwt.SigningMethodES256, own, f.kid, func(_ jwt.MapClaims, h map[string]any) {
			h["crit"] = []string{"b64"}
		}),
		"expired": with("exp", now.Add(-time.Hour).Unix()), "no exp": with("exp", nil), "exp text": with("exp", "never"),
		"exp negative": with("exp", -1), "from the future": with("iat", now.Add(time.Hour).Unix()), "no iat": with("iat", nil),
		"not yet": with("nbf", now.Add(time.Hour).Unix()), "other issuer": with("iss", "evil"), "no issuer": with("iss", nil),
		"other audience": with("aud", "shop"), "no audience": with("aud", nil), "no subject": with("sub", nil),
		"nil subject": with("sub", uuid.Nil.String()), "subject no id": with("sub", "1 OR 1=1"), "no session": with("sid", nil),
		"roles text": with("roles", "administrator"), "too many roles": with("roles", make17()),
	} {
		who, err := f.verifier.Verify(raw)
		if err == nil {
			t.Errorf("%s: let in as %v", name, who)
			continue
		}
		if e := errs.Of(err); e.Kind != errs.Unauthenticated || strings.Contains(e.Sentence, "key") {
			t.Errorf("%s: %v %q", name, e.Kind, e.Sentence)
		}
	}
}

func make64() []byte { return make([]byte, 64) }

func make17() []string { return make([]string, 17) }

func readKey(t *testing.T, f *fixture) *ecdsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, f.kid+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

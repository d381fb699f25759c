package notificationcenter_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// peer is a push service with the browsers behind it: it holds us to RFC 8030, 8188, 8291 and 8292 with code of its own.
type peer struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	fail  map[string][]int // by browser: what it answers, one after the other
	asked map[string]int
	got   []pushed
}

// pushed is what a browser was told.
type pushed struct {
	browser              string
	title, text, path    string
	ttl, topic, priority string
}

// browser is one behind the push service.
type browser struct {
	name   string
	key    *ecdh.PrivateKey
	secret []byte
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{t: t, fail: map[string][]int{}, asked: map[string]int{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *peer) told() []pushed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *peer) times(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[name]
}

//nolint:gochecknoglobals // By name, since an address is all that the push service has of a browser.
var browsers sync.Map

func newBrowser(t *testing.T, name string) *browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{name: t.Name() + "-" + name, key: key, secret: make([]byte, 16)}
	if _, err := rand.Read(b.secret); err != nil {
		t.Fatal(err)
	}
	browsers.Store(b.name, b)
	return b
}

func (b *browser) p256dh() string {
	return base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
}
func (b *browser) auth() string { return base64.RawURLEncoding.EncodeToString(b.secret) }

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[name]++
	if answers := p.fail[name]; len(answers) > 0 {
		p.fail[name] = answers[1:]
		if answers[0] != http.StatusCreated {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(answers[0])
			return
		}
	}
	found, _ := browsers.Load(name)
	b, ok := found.(*browser)
	if !ok {
		p.t.Errorf("nobody is called %q", name)
		return
	}
	p.signed(r)
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "aes128gcm" || len(body) > 4096 {
		p.t.Errorf("%d bytes of %q: %v", len(body), r.Header.Get("Content-Encoding"), err)
	}
	var told struct{ Title, Text, Path string }
	if err := json.Unmarshal(b.read(p.t, body), &told); err != nil {
		p.t.Errorf("the payload: %v", err)
	}
	p.got = append(p.got, pushed{
		b.name, told.Title, told.Text, told.Path, r.Header.Get("TTL"), r.Header.Get("Topic"), r.Header.Get("Urgency"),
	})
	w.WriteHeader(http.StatusCreated)
}

// signed verifies who sends (RFC 8292).
func (p *peer) signed(r *http.Request) {
	t, k, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	point, err := base64.RawURLEncoding.DecodeString(k)
	if err != nil {
		p.t.Errorf("the key: %v", err)
		return
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		p.t.Errorf("the key: %v", err)
		return
	}
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(t, &claims, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(p.url))
	if err != nil || claims.Subject != "mailto:postmaster@rounds.example" {
		p.t.Errorf("the signature of %q: %v", claims.Subject, err)
	}
}

// read decrypts as a browser does (RFC 8188 and 8291).
func (b *browser) read(t *testing.T, body []byte) []byte {
	const salt, size, point = 16, 4, 65
	theirs, err := ecdh.P256().NewPublicKey(body[salt+size+1 : salt+size+1+point])
	if err != nil {
		t.Errorf("their key: %v", err)
		return nil
	}
	shared, err := b.key.ECDH(theirs)
	if err != nil {
		t.Error(err)
		return nil
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			t.Error(err)
		}
		return key
	}
	input := derive(shared, b.secret, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(theirs.Bytes()), 32)
	block, err := aes.NewCipher(derive(input, body[:salt], "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Error(err)
		return nil
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Error(err)
		return nil
	}
	if record := binary.BigEndian.Uint32(body[salt : salt+size]); int(record) < len(body)-salt-size-1-point {
		t.Errorf("a record of %d bytes is said to have %d", len(body), record)
	}
	text, err := gcm.Open(nil, derive(input, body[:salt], "Content-Encoding: nonce\x00", 12), body[salt+size+1+point:], nil)
	if err != nil {
		t.Errorf("decrypt: %v", err)
		return nil
	}
	end := slices.Index(text, 2) // the last record's delimiter, and padding
	return text[:max(end, 0)]
}

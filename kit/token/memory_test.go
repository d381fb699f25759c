package token_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// A token that is known is checked like any other: its times are, and a change of any byte makes another token of it.
func TestKnownTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.sign(t)
	first, err := f.verifier.Verify(raw)
	if err != nil {
		t.Fatal(err)
	}
	first.Roles[0] = token.Administrator
	again, err := f.verifier.Verify(raw)
	if err != nil || again.Has(token.Administrator) || again.Account != first.Account || again.Raw() != raw {
		t.Errorf("again: %v %v", again.Roles, err)
	}
	for i := range raw {
		other := raw[:i] + string(raw[i]^1) + raw[i+1:]
		if _, err := f.verifier.Verify(other); err == nil {
			t.Fatalf("byte %d was changed: let in", i)
		}
	}
	f.clock.move(-time.Minute)
	if _, err := f.verifier.Verify(raw); !errs.HasCode(err, token.CodeInvalid) {
		t.Errorf("from the future: %v", err)
	}
	f.clock.move(11*time.Minute + 6*time.Second)
	if _, err := f.verifier.Verify(raw); !errs.HasCode(err, token.CodeExpired) {
		t.Errorf("expired: %v", err)
	}
}

// With its key, everything that a key proved is forgotten.
func TestKnownTokensOfAKeyThatIsGone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.sign(t)
	if _, err := f.verifier.Verify(old); err != nil {
		t.Fatal(err)
	}
	f.clock.move(10 * time.Second)
	if _, err := token.Generate(f.dir, f.clock.now(), 1); err != nil {
		t.Fatal(err)
	}
	newer, err := token.NewSigner(f.dir, f.clock.now).Sign(f.claims())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.verifier.Verify(newer); err != nil {
		t.Fatalf("the new key: %v", err)
	}
	if _, err := f.verifier.Verify(old); !errs.HasCode(err, token.CodeInvalid) {
		t.Errorf("the key is gone and its token is let in: %v", err)
	}
}

func TestManyTokensAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var all sync.WaitGroup
	for n := range 4 {
		raw, strange := f.sign(t), strings.Repeat(fmt.Sprint(n), 40)
		for range 4 {
			all.Go(func() {
				for range 20 {
					if _, err := f.verifier.Verify(raw); err != nil {
						t.Error(err)
					}
					if _, err := f.verifier.Verify(strange); err == nil {
						t.Error("let in")
					}
				}
			})
		}
	}
	all.Wait()
}

func BenchmarkVerify(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "keys")
	if _, err := token.Generate(dir, time.Now(), 1); err != nil {
		b.Fatal(err)
	}
	raw, err := token.NewSigner(dir, time.Now).Sign(token.Claims{Roles: []string{token.Member}, Expires: time.Now().Add(time.Hour), Account: [16]byte{1}})
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(dir, token.PublicFile)
	b.Run("known", func(b *testing.B) {
		v := token.NewVerifier(path, time.Now)
		for b.Loop() {
			if _, err := v.Verify(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unknown", func(b *testing.B) {
		for b.Loop() {
			if _, err := token.NewVerifier(path, time.Now).Verify(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

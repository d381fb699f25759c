package token_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

func TestKeysAreKeptPrivate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, want := range map[string]fs.FileMode{f.kid + ".pem": 0o600, token.PublicFile: 0o644} {
		info, err := os.Stat(filepath.Join(f.dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	public, err := os.ReadFile(filepath.Join(f.dir, token.PublicFile))
	if err != nil || strings.Contains(string(public), `"d"`) || strings.Contains(string(public), "PRIVATE") {
		t.Errorf("%s %v", public, err)
	}
	left, err := filepath.Glob(filepath.Join(f.dir, ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestEnsureMakesOneKeyOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "keys")
	for range 3 {
		if err := token.Ensure(dir, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil || len(keys) != 1 {
		t.Errorf("%v %v", keys, err)
	}
	// A lost public file is made again from the private keys.
	if err := os.Remove(filepath.Join(dir, token.PublicFile)); err != nil {
		t.Fatal(err)
	}
	if err := token.Ensure(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, token.PublicFile)); err != nil {
		t.Error(err)
	}
}

// Rotation loses nobody: what the old key signed stays good, a verifier that read the old file
// hears of the new key, and a key that is gone no longer counts.
func TestRotation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.sign(t)
	if _, err := f.verifier.Verify(old); err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Second)
	if _, err := token.Generate(f.dir, f.clock.now(), 2); err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Second)
	fresh := token.NewSigner(f.dir, f.clock.now) // sees both keys, and waits with the new one
	early, err := fresh.Sign(f.claims())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.verifier.Verify(early); err != nil {
		t.Errorf("signed right after the rotation: %v", err)
	}
	f.clock.move(2 * time.Minute)
	later := f.sign(t)
	if header(later) == header(old) {
		t.Error("the signer did not take the new key")
	}
	for _, raw := range []string{old, later} {
		if _, err := f.verifier.Verify(raw); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	}
	if _, err := token.Generate(f.dir, f.clock.now(), 1); err != nil {
		t.Fatal(err)
	}
	other := token.NewVerifier(filepath.Join(f.dir, token.PublicFile), f.clock.now)
	if _, err := other.Verify(old); !errs.HasCode(err, token.CodeInvalid) {
		t.Errorf("the old key is gone: %v", err)
	}
}

func header(raw string) string { return strings.SplitN(raw, ".", 2)[0] }

// Invented key ids must not make the verifier read its file each time; after a pause it does.
func TestReloadIsRateLimited(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.verifier.Verify(f.sign(t)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(f.dir); err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Second)
	if _, err := token.Generate(f.dir, f.clock.now(), 1); err != nil {
		t.Fatal(err)
	}
	raw, err := token.NewSigner(f.dir, f.clock.now).Sign(f.claims())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.verifier.Verify(raw); !errs.HasCode(err, token.CodeInvalid) {
		t.Errorf("read again within a second: %v", err)
	}
	f.clock.move(5 * time.Second)
	if _, err := f.verifier.Verify(raw); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestAVerifierStartsBeforeTheKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.sign(t)
	path := filepath.Join(t.TempDir(), token.PublicFile)
	v := token.NewVerifier(path, f.clock.now)
	if _, err := v.Verify(raw); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("no file yet: %v", err)
	}
	public, err := os.ReadFile(filepath.Join(f.dir, token.PublicFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(raw); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("half a file: %v", err)
	}
	if err := os.WriteFile(path, public, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(raw); err != nil {
		t.Errorf("the file is there: %v", err)
	}
	// And a file that is lost later does not log everybody out.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.clock.move(time.Minute)
	if _, err := v.Verify(raw); err != nil {
		t.Errorf("the file is lost: %v", err)
	}
	if _, err := token.NewSigner(t.TempDir(), f.clock.now).Sign(f.claims()); err == nil {
		t.Error("signed without a key")
	}
}

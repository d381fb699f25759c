package pseudonym_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/pseudonym"
)

func TestOf(t *testing.T) {
	t.Parallel()
	a, b := uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002")
	n := pseudonym.New("key")
	if n.Of(a) != pseudonym.New("key").Of(a) || len(n.Of(a)) != 64 {
		t.Error("not the same each time")
	}
	if n.Of(a) == n.Of(b) || n.Of(a) == pseudonym.New("other").Of(a) {
		t.Error("two people, or two keys, give one pseudonym")
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	a, b := uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002")
	n := pseudonym.New("key")
	if n.ID(a, "read") != pseudonym.New("key").ID(a, "read") {
		t.Error("not the same each time")
	}
	different := map[uuid.UUID]bool{n.ID(a, "read"): true, n.ID(b, "read"): true, n.ID(a, "said"): true, pseudonym.New("other").ID(a, "read"): true}
	if len(different) != 4 {
		t.Error("two things have one id")
	}
	if id := n.ID(a, "read"); id.Version() != 8 || id.Variant() != uuid.RFC4122 || id.String()[:8] == n.Of(a)[:8] {
		t.Errorf("a strange id: %s", id)
	}
}

package db_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/db/dbtest"
)

// Identifiers come to the database as they are, alone, as pointers, many at once, none, and where a text is wanted.
func TestUUIDs(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t, shelf()).Admin()
	one, two := uuid.New(), uuid.New()
	for _, c := range []struct {
		name, kind, want string
		value            any
	}{
		{"one", "uuid", one.String(), one},
		{"zero", "uuid", uuid.Nil.String(), uuid.Nil},
		{"a pointer", "uuid", one.String(), &one},
		{"none", "uuid", "null", (*uuid.UUID)(nil)},
		{"many", "uuid[]", "{" + one.String() + "," + two.String() + "}", []uuid.UUID{one, two}},
		{"empty", "uuid[]", "{}", []uuid.UUID{}},
		{"nothing", "uuid[]", "null", []uuid.UUID(nil)},
		{"as text", "text", one.String(), one},
		{"many texts", "text[]", "{" + one.String() + "}", []uuid.UUID{one}},
	} {
		var got string
		err := pool.QueryRow(t.Context(), "SELECT coalesce(($1::"+c.kind+")::text, 'null')", c.value).Scan(&got)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	var back []uuid.UUID
	if err := pool.QueryRow(t.Context(), "SELECT $1::uuid[]", []uuid.UUID{one, two}).Scan(&back); err != nil || !slices.Equal(back, []uuid.UUID{one, two}) {
		t.Errorf("%v, %v", back, err)
	}
}

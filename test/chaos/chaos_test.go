package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/test/load/program"
)

// TestChaos is the short form of the program: each service and the database in the middle of a few hundred reminders, then some kills at random
// while people do everything. go run ./test/chaos is the long one.
func TestChaos(t *testing.T) {
	t.Parallel()
	binary, err := program.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &command{
		Scenario: "both", Kills: 5, Seed: 4, People: 40, Readers: 300, Lead: time.Second, Pause: 900 * time.Millisecond, Binary: binary,
		Slow: 5 * time.Millisecond, Hurry: true,
	}
	var told strings.Builder
	err = c.run(t, &told)
	t.Log(told.String())
	if err != nil {
		t.Error(err)
	}
}

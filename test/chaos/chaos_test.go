package main

import (
	"strings"
	"testing"
	"time"
)

// TestChaos is the short form of the program: each service and the database in the middle of a few hundred reminders, then some kills at random
// while people do everything. go run ./test/chaos is the long one.
func TestChaos(t *testing.T) {
	t.Parallel()
	prove(t, &command{
		Scenario: "both", Kills: 5, Seed: 4, People: 40, Readers: 300, Lead: time.Second, Pause: 900 * time.Millisecond, Slow: 5 * time.Millisecond, Hurry: true,
	})
}

// TestAway has reminders go out without everybody who does not send them, and wait for the broker.
func TestAway(t *testing.T) {
	t.Parallel()
	prove(t, &command{Scenario: "away", Readers: 100, Lead: time.Second, Broker: true, Hurry: true})
}

// TestCallees has the rooms and data management end at each answer that they give to a saga; service/scheduler does so with the scheduler.
func TestCallees(t *testing.T) {
	t.Parallel()
	prove(t, &command{Scenario: "callees", Seed: 4, People: 20, Lead: time.Second, Hurry: true})
}

func prove(t *testing.T, c *command) {
	t.Helper()
	var err error
	if c.Binary, err = c.build(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	err = c.run(t, &told)
	t.Log(told.String())
	if err != nil {
		t.Error(err)
	}
}

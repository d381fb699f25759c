// Package doctor looks at what Rounds stands on, as it is now and from here: databases, roles, the broker, clocks, the disk, certificates,
// mail. It changes nothing, and for each thing that is wrong it has a sentence that says what to do.
//
// Why beside /readyz: a service says that it cannot work. It cannot say that it will not next month, because a certificate ends then,
// nor that the password which it was given is another's.
package doctor

import (
	"context"
	"sync"
	"time"
)

// Level is how a thing stands.
type Level string

// Levels of findings.
const (
	Good Level = "good"
	Note Level = "look" // it works, and will not for ever
	Bad  Level = "BAD"
	None Level = "-" // there is none, by the settings
)

// Finding is how one thing stands.
type Finding struct {
	Name  string // stable, for scripts: database.rounds
	Level Level
	Says  string
	Do    string // for an operator; empty where nothing is to be done
}

// Check looks at one subject.
type Check func(context.Context) []Finding

// patience is how long one subject may take; what hangs is found, and does not hang us.
const patience = 15 * time.Second

// Examine looks at all subjects at once, and keeps their order.
func Examine(ctx context.Context, checks []Check) []Finding {
	found := make([][]Finding, len(checks))
	var all sync.WaitGroup
	for n, check := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			found[n] = check(ctx)
		})
	}
	all.Wait()
	var findings []Finding
	for _, some := range found {
		findings = append(findings, some...)
	}
	return findings
}

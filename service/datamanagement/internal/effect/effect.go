// Package effect tells what another version of a credit rule would have made of webinars that were already held: who would
// have gained, who lost.
//
// It changes nothing. The rule was frozen with each webinar when it went live, and so was the evidence; a new version is for
// webinars to come. But nobody can read from "85 instead of 80 percent" how many people that is, so before a version is saved,
// the evidence of the last evenings goes through both rules, with the function that decided the credit then:
//
//	frozen evidence ──> credit.Evaluate with the frozen rule ──┐
//	                └─> credit.Evaluate with the new one ──────┴─> gains | loses | neither
//
// What the room asked cannot be asked again: the presence checks are those of then, also where the new version wants more.
package effect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/effect/store"
)

const (
	// MostWebinars can be compared at once.
	MostWebinars = 10
	// mostChoices are offered to choose one from.
	mostChoices = 50
	// mostPeople bounds the work of several webinars to that of the largest room.
	mostPeople = 10_000
	page       = 500
)

// Question is which webinars are looked at, and under which rule.
type Question struct {
	Name    string      // of the rule
	Rule    credit.Rule // the version that it would become
	Webinar uuid.UUID   // one of those held; uuid.Nil: the last ones
	Last    int
}

// Webinar is one that was held under some version of the rule, and what the new one would make of it.
type Webinar struct {
	store.HeldRow

	Gained, Lost, PassedBefore, PassedAfter int32
	HundredthsBefore, HundredthsAfter       int32
}

// Change is somebody for whom the version makes a difference.
type Change struct {
	Webinar, Account uuid.UUID
	Name             string
	Gains            bool
	Before, After    Outcome
	// Reasons are the conditions that were failed: under the old version by who gains, under the new one by who loses.
	Reasons []credit.Reason
}

// Outcome is what one version gives one person.
type Outcome struct {
	Passed bool
	Points credit.Points
}

// Answer is what was found.
type Answer struct {
	Webinars []Webinar // the last one first
	Changes  []Change  // who loses comes first, then by webinar and name
	Choices  []store.HeldRow
}

// Of compares. It reads only.
func Of(ctx context.Context, db store.DBTX, q Question) (Answer, error) {
	rows := store.New(db)
	held, err := rows.Held(ctx, store.HeldParams{Name: q.Name, Most: mostChoices})
	if err != nil {
		return Answer{}, fmt.Errorf("list webinars held under %s: %w", q.Name, err)
	}
	answer := Answer{Choices: held}
	chosen, err := q.choose(held)
	if err != nil {
		return answer, err
	}
	for _, one := range chosen {
		w, changes, err := compare(ctx, rows, one, q.Rule)
		if err != nil {
			return answer, err
		}
		answer.Webinars = append(answer.Webinars, w)
		answer.Changes = append(answer.Changes, changes...)
	}
	slices.SortStableFunc(answer.Changes, func(a, b Change) int {
		if a.Gains != b.Gains {
			return map[bool]int{false: -1, true: 1}[a.Gains]
		}
		return 0
	})
	return answer, nil
}

// choose is the one that was asked for, or the last ones, as long as they are not too many people.
func (q Question) choose(held []store.HeldRow) ([]store.HeldRow, error) {
	if q.Webinar != uuid.Nil {
		for _, one := range held {
			if one.ID == q.Webinar {
				return []store.HeldRow{one}, nil
			}
		}
		return nil, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("webinar_id", "content.choice", "Choose one of the list.")
	}
	people := int32(0)
	var chosen []store.HeldRow
	for _, one := range held[:min(q.Last, len(held))] {
		if people += one.People; people > mostPeople && len(chosen) > 0 {
			break
		}
		chosen = append(chosen, one)
	}
	return chosen, nil
}

func compare(ctx context.Context, rows *store.Queries, held store.HeldRow, rule credit.Rule) (Webinar, []Change, error) {
	w := Webinar{HeldRow: held}
	var changes []Change
	var after uuid.UUID
	for {
		people, err := rows.Results(ctx, store.ResultsParams{WebinarID: held.ID, After: after, Most: page})
		if err != nil {
			return w, nil, fmt.Errorf("read results of webinar %s: %w", held.ID, err)
		}
		for _, p := range people {
			if err := ctx.Err(); err != nil {
				return w, nil, fmt.Errorf("compare webinar %s: %w", held.ID, err)
			}
			c, err := both(p, rule)
			if err != nil {
				return w, nil, fmt.Errorf("compare %s in webinar %s: %w", p.AccountID, held.ID, err)
			}
			c.Webinar = held.ID
			if w.count(c) {
				changes = append(changes, c)
			}
			after = p.AccountID
		}
		if len(people) < page {
			break
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.Account[:], b.Account[:]))
	})
	return w, changes, nil
}

// count adds one person to the figures and tells whether there is a difference.
func (w *Webinar) count(c Change) bool {
	w.HundredthsBefore += int32(c.Before.Points)
	w.HundredthsAfter += int32(c.After.Points)
	if c.Before.Passed {
		w.PassedBefore++
	}
	if c.After.Passed {
		w.PassedAfter++
	}
	switch {
	case c.Before == c.After:
		return false
	case c.Gains:
		w.Gained++
	default:
		w.Lost++
	}
	return true
}

// both evaluates the evidence of one person under the rule that was frozen with it and under another one.
func both(p store.ResultsRow, rule credit.Rule) (Change, error) {
	var e credit.Evidence
	if err := json.Unmarshal(p.Evidence, &e); err != nil {
		return Change{}, fmt.Errorf("read evidence: %w", err)
	}
	before, whyNot := outcome(e, p.Already)
	e.Rule = rule
	after, whyNotNow := outcome(e, p.Already)
	c := Change{Account: p.AccountID, Name: p.Name, Before: before, After: after, Reasons: whyNot}
	c.Gains = after.Passed && !before.Passed || after.Passed == before.Passed && after.Points > before.Points
	if !c.Gains {
		c.Reasons = whyNotNow
	}
	return c, nil
}

// outcome is what the evidence gives, within what the day still has room for, and the conditions that were failed.
func outcome(e credit.Evidence, already int64) (Outcome, []credit.Reason) {
	c := credit.Evaluate(e)
	var failed []credit.Reason
	for _, r := range c.Reasons {
		if r.State == credit.Unmet || r.State == credit.Missing {
			failed = append(failed, r)
		}
	}
	return Outcome{
		Passed: c.Verdict == credit.VerdictPassed,
		Points: credit.CapDay(c.Points, credit.Points(already), e.Rule.DailyCap),
	}, failed
}

// Keep writes the figures down beside the version that they were computed for.
func Keep(ctx context.Context, db store.DBTX, version uuid.UUID, webinars []Webinar) error {
	for _, w := range webinars {
		err := store.New(db).EffectInsert(ctx, store.EffectInsertParams{
			CreditRuleID: version, WebinarID: w.ID, FrozenVersion: w.FrozenVersion, People: w.People, Gained: w.Gained, Lost: w.Lost,
			PassedBefore: w.PassedBefore, PassedAfter: w.PassedAfter, HundredthsBefore: w.HundredthsBefore, HundredthsAfter: w.HundredthsAfter,
		})
		if err != nil {
			return fmt.Errorf("keep what version %s makes of webinar %s: %w", version, w.ID, err)
		}
	}
	return nil
}

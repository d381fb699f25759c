package simulation

import (
	"testing"

	"github.com/rounds-cme/rounds/rules/presence"
)

// Who drops the line whenever a check comes is shown to the administrator, most times; who loses it without meaning to is not.
func TestWhoEvadesIsShown(t *testing.T) {
	t.Parallel()
	s := hour()
	s.Viewers, s.Shares = 400, Shares{Dodging: 1, Silent: 1, Honest: 1, Late: 1, Leaving: 1, TwoDevices: 1, Dropping: 2, Forgetting: 1, Pausing: 1, Unattended: 1}
	shown, of := map[Behaviour]int{}, map[Behaviour]int{}
	for _, p := range run(t, s).People {
		of[p.Behaviour]++
		if _, again := presence.Evaded(p.Evidence); again {
			shown[p.Behaviour]++
		}
	}
	for b, n := range shown {
		if b != Dodging && n > 0 {
			t.Errorf("%d of %d who are %s are shown", n, of[b], b)
		}
	}
	if shown[Dodging] < of[Dodging]*3/4 {
		t.Errorf("only %d of %d who dodge are shown", shown[Dodging], of[Dodging])
	}
}

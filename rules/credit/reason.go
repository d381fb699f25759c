package credit

// Code names a reason, so that a page can phrase it in the reader's language.
type Code string

// The codes, with the sentence each stands for in English.
const (
	Minutes    Code = "minutes"    // "{Have} of {Of} creditable minutes, {More} more needed"
	Checks     Code = "checks"     // "{Have} of {Of} checks, {More} more needed"
	Evaluation Code = "evaluation" // "the feedback form is still to be filled in"
	QuizPassed Code = "quiz"       // "{Have} % in the quiz, {Need} % needed"
	Reached    Code = "reached"    // "rule reached at {Credit.ReachedAt}"
	Bridged    Code = "bridged"    // "{Have} s of lost connections were kept, of at most {Of}; none: of any"
	Incident   Code = "incident"   // "{Have} s were lost on our side and do not count for anybody"
	Elsewhere  Code = "elsewhere"  // "{Have} s are already credited in another webinar"
	VoidChecks Code = "void"       // "{Have} checks never reached you and do not count"
)

// State says how a gate stands; notes, which are no gates, have none.
type State string

// The states of a gate.
const (
	Met     State = "met"
	Missing State = "missing" // not yet met, still possible
	Unmet   State = "unmet"   // no longer possible
)

// Reason is one line under the meter: a gate with its numbers, or a note. Minutes are rounded
// so that the line never promises more than there is: Have down, Need and More up.
type Reason struct {
	Code  Code  `json:"code"`
	State State `json:"state,omitempty"`
	Have  int   `json:"have"`
	Of    int   `json:"of,omitempty"`
	Need  int   `json:"need,omitempty"`
	More  int   `json:"more,omitempty"`
}

func state(met, possible bool) State {
	switch {
	case met:
		return Met
	case possible:
		return Missing
	default:
		return Unmet
	}
}

// verdict: one gate that can no longer be met fails all, else one that is missing keeps it open.
func verdict(gates []Reason) Verdict {
	v := VerdictPassed
	for _, g := range gates {
		switch g.State {
		case Unmet:
			return VerdictFailed
		case Missing:
			v = VerdictOpen
		}
	}
	return v
}

// checksGate asks for a share of all checks that count, those to come included; so "one more
// needed" is true to the end, and a member never falls behind a gate already met.
func checksGate(rule Rule, t Tally) Reason {
	need := (t.Asked()*rule.MinChecksPercent + 99) / 100
	return Reason{
		Code:  Checks,
		State: state(t.Answered >= need, t.still() >= need),
		Have:  t.Answered,
		Of:    t.Asked(),
		Need:  need,
		More:  max(0, need-t.Answered),
	}
}

func outsideGates(e Evidence) []Reason {
	var gates []Reason
	if e.Rule.EvaluationRequired {
		gates = append(gates, Reason{Code: Evaluation, State: state(!e.Gates.EvaluationMissing, true)})
	}
	if q := e.Gates.Quiz; q != nil {
		gates = append(gates, Reason{
			Code:  QuizPassed,
			State: state(q.Taken && q.Percent >= e.Rule.QuizPassPercent, !q.Taken),
			Have:  q.Percent,
			Need:  e.Rule.QuizPassPercent,
		})
	}
	return gates
}

func notes(c Credit, mostBridged int) []Reason {
	var notes []Reason
	if !c.ReachedAt.IsZero() {
		notes = append(notes, Reason{Code: Reached})
	}
	for _, n := range []Reason{
		{Code: Bridged, Have: int(c.Bridged), Of: mostBridged},
		{Code: Incident, Have: int(c.LeftOut)},
		{Code: Elsewhere, Have: int(c.Elsewhere)},
		{Code: VoidChecks, Have: c.Checks.Void},
	} {
		if n.Have > 0 {
			notes = append(notes, n)
		}
	}
	return notes
}

package simulation

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// Report is what became of everybody.
type Report struct {
	Rule       credit.Rule    `json:"rule"`
	Viewers    int            `json:"viewers"`
	Minutes    int            `json:"minutes"`
	Seed       uint64         `json:"seed"`
	Segments   []Segment      `json:"segments,omitempty"`
	Outage     *Outage        `json:"outage,omitempty"`
	Creditable credit.Seconds `json:"creditable"` // what there was to watch
	LeftOut    credit.Seconds `json:"left_out"`   // what the outage took from it, for everybody
	// Uncreditable is the time of breaks, lobby and sponsors.
	Uncreditable credit.Seconds `json:"uncreditable,omitempty"`
	Passed       int            `json:"passed"`
	Groups       []Group        `json:"groups"`
	People       []Person       `json:"-"`
}

// Group is everybody of one behaviour. Times are of the average person.
type Group struct {
	Behaviour Behaviour      `json:"behaviour"`
	Cheat     bool           `json:"cheat"`
	People    int            `json:"people"`
	Passed    int            `json:"passed"`
	Credited  credit.Seconds `json:"credited"`
	Truth     credit.Seconds `json:"truth"` // of the creditable time, really played
	// Excess is what was credited of time in which nothing played: the grace forgave a gap without asking.
	Excess credit.Seconds `json:"excess"`
	// Unasked are those who passed without having answered a check, though the rule asks for answers.
	Unasked int                    `json:"unasked"`
	Reasons []Why                  `json:"reasons,omitempty"`
	Refused map[credit.Refusal]int `json:"refused,omitempty"` // heartbeats
}

// Why is a condition that people of a group failed; Have and Need are those of the average one of them.
type Why struct {
	Code   credit.Code `json:"code"`
	People int         `json:"people"`
	Have   int         `json:"have"`
	Need   int         `json:"need"`
}

// Person is one simulated viewer, with what the credit was computed from.
type Person struct {
	Name      string
	Behaviour Behaviour
	Truth     credit.Spans
	Refused   map[credit.Refusal]int // heartbeats
	Evidence  credit.Evidence
	Credit    credit.Credit
}

// Excess is the time that was credited though nothing played.
func (p Person) Excess() time.Duration { return p.Credit.Spans.Without(p.Truth).Length() }

// unasked tells whether the person passed though the rule wants answers and got none.
func (p Person) unasked() bool {
	asks := p.Evidence.Rule.ChecksPerHour > 0 && p.Evidence.Rule.MinChecksPercent > 0
	return asks && len(p.Evidence.Checks) > 0 && p.Credit.Verdict == credit.VerdictPassed && p.Credit.Checks.Answered == 0
}

// Run plays the evening. The setup must be without faults; the error is that of the context.
func Run(ctx context.Context, s Setup) (Report, error) {
	e := s.evening()
	creditable, talk := e.creditable().Length(), e.programme().Creditable().Length()
	report := Report{
		Rule: s.Rule, Viewers: s.Viewers, Minutes: s.Minutes, Seed: s.Seed, Segments: s.Segments,
		Creditable: seconds(creditable), LeftOut: seconds(talk - creditable), Uncreditable: seconds(e.length - talk),
	}
	if s.Outage != (Outage{}) {
		report.Outage = &s.Outage
	}
	number := 0
	for i, people := range s.Shares.split(s.Viewers) {
		if people == 0 {
			continue
		}
		first := len(report.People)
		for range people {
			if err := ctx.Err(); err != nil {
				return Report{}, err
			}
			number++
			report.People = append(report.People, e.play(number, Behaviours()[i]))
		}
		g := group(Behaviours()[i], report.People[first:])
		report.Passed += g.Passed
		report.Groups = append(report.Groups, g)
	}
	return report, nil
}

// play sends one person through the evening and through the rule.
func (e evening) play(number int, b Behaviour) Person {
	script, rnd := e.invent(number, b)
	connections := e.through(script, rnd)
	log := e.log(script, connections)
	watched, refused := credit.Watch(credit.Session{
		Viewer: script.name, Opened: started(), Closed: at(e.length), Silence: credit.DefaultSilence,
	}, log)
	evidence := credit.Evidence{
		Rule: e.Rule, Programme: e.programme(), Watched: watched, Checks: e.checks(script, connections, log, rnd),
		Incidents: e.incidents(), Elsewhere: script.elsewhere,
	}
	p := Person{
		Name: script.name, Behaviour: b, Truth: script.truth().Clip(e.creditable()), Refused: map[credit.Refusal]int{},
		Evidence: evidence, Credit: credit.Evaluate(evidence),
	}
	for _, r := range refused {
		p.Refused[r.Why]++
	}
	return p
}

func group(b Behaviour, people []Person) Group {
	g := Group{Behaviour: b, Cheat: b.Cheat(), People: len(people), Refused: map[credit.Refusal]int{}}
	var credited, truth, excess time.Duration
	why := map[credit.Code]Why{}
	for _, p := range people {
		credited += p.Credit.Spans.Length()
		truth += p.Truth.Length()
		excess += p.Excess()
		for why, beats := range p.Refused {
			g.Refused[why] += beats
		}
		if p.unasked() {
			g.Unasked++
		}
		if p.Credit.Verdict == credit.VerdictPassed {
			g.Passed++
			continue
		}
		for _, r := range p.Credit.Reasons {
			if r.State == credit.Unmet || r.State == credit.Missing {
				w := why[r.Code]
				why[r.Code] = Why{Code: r.Code, People: w.People + 1, Have: w.Have + r.Have, Need: w.Need + r.Need}
			}
		}
	}
	n := time.Duration(len(people))
	g.Credited, g.Truth, g.Excess = seconds(credited/n), seconds(truth/n), seconds(excess/n)
	for _, code := range slices.Sorted(maps.Keys(why)) {
		w := why[code]
		w.Have, w.Need = w.Have/w.People, (w.Need+w.People-1)/w.People
		g.Reasons = append(g.Reasons, w)
	}
	return g
}

func seconds(d time.Duration) credit.Seconds { return credit.Seconds(d / time.Second) }

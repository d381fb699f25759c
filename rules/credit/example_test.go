package credit_test

import (
	"fmt"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// The line that a member reads under the meter, from the evidence alone.
func ExampleEvaluate() {
	start := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

	c := credit.Evaluate(credit.Evidence{
		Rule:      credit.Default(),
		Programme: credit.Programme{Started: start, Ended: minute(60)},
		Watched:   []credit.Interval{{Span: credit.Span{From: minute(2), To: minute(49)}}},
		Checks: []credit.Check{
			{Number: 1, Due: minute(9), Sent: minute(9), Delivered: minute(9), Answered: minute(9)},
			{Number: 2, Due: minute(25), Sent: minute(25), Delivered: minute(25), Answered: minute(26)},
			{Number: 3, Due: minute(55)},
		},
		At: minute(49),
	})

	for _, r := range c.Reasons[:2] {
		fmt.Printf("%s: %d of %d, %d more needed (%s)\n", r.Code, r.Have, r.Of, r.More, r.State)
	}
	fmt.Println(c.Verdict, c.Percent, "%, worth", c.Worth)
	// Output:
	// minutes: 47 of 60, 1 more needed (missing)
	// checks: 2 of 3, 1 more needed (missing)
	// open 78 %, worth 1
}

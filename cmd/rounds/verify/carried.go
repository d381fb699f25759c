package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/rounds-cme/rounds/kit/queue"
)

// mostLetters bounds how many dead letters of a queue are looked at.
const mostLetters = 10_000

// Carried looks at one queue through the driver that carries it, at a broker where there is one: there it is all that can be known of
// what left the outbox.
func Carried(ctx context.Context, driver queue.Driver, name string, patience time.Duration) []Finding {
	flow := Invariant{
		Name: "broker.flow", Says: "What waits in queue " + name + " is taken in time",
		Mend: "Is the service that takes from it running? Its log has the error of each attempt.",
	}
	stats, err := driver.Stats(ctx, name)
	if err != nil {
		flow.Mend = "Is the broker running, and was rounds broker setup run? What is put meanwhile waits in the outbox."
		return []Finding{flow.found(0, []string{fmt.Sprintf("%s: %v", name, err)})}
	}
	var late []string
	if stats.Ready > 0 && stats.Oldest > patience {
		late = append(late, fmt.Sprintf("%s: %d wait, the oldest for %s", name, stats.Ready, stats.Oldest.Round(time.Second)))
	}
	return []Finding{flow.found(stats.Ready+stats.Delayed+stats.Taken, late), dead(ctx, driver, name)}
}

func dead(ctx context.Context, driver queue.Driver, name string) Finding {
	explained := Invariant{Name: "broker.explained", Says: "Each message that was put aside of queue " + name + " has a reason", Mend: lookAtDead}
	letters, err := driver.Dead(ctx, name, mostLetters)
	if err != nil {
		return explained.found(0, []string{fmt.Sprintf("%s: %v", name, err)})
	}
	var silent []string
	for _, l := range letters {
		if l.Reason == "" {
			silent = append(silent, fmt.Sprintf("%s: %s", name, l.ID))
		}
	}
	return explained.found(len(letters), silent)
}

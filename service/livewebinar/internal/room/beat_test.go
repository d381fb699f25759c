package room

import (
	"fmt"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
)

// BenchmarkBeat is the cost of a beat of somebody at the limit of beats, whose player was started and stopped so often before, a second
// each; first-beats is how many beats of somebody who has just come it costs.
func BenchmarkBeat(b *testing.B) {
	for _, intervals := range []int{60, 1800, 7200} {
		b.Run(fmt.Sprint(intervals), func(b *testing.B) {
			first := restless{b: b, r: hour(b)}
			first.r.Join(at(0), ana, "one", Past{})
			const beats = 2000
			begun := time.Now()
			for range beats {
				first.beat(time.Microsecond, credit.Paused)
			}
			one := time.Since(begun).Seconds() / beats

			b.StopTimer()
			p := restless{b: b, r: hour(b)}
			p.r.Join(at(0), ana, "one", Past{})
			for range intervals {
				p.beat(time.Second, credit.Playing)
				p.beat(time.Second, credit.Paused)
			}
			b.StartTimer()
			for b.Loop() {
				p.beat(time.Microsecond, credit.Paused)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/one, "first-beats")
		})
	}
}

// restless is somebody who starts and stops the player again and again.
type restless struct {
	b        *testing.B
	r        *Room
	now      time.Duration
	sequence int64
}

func (p *restless) beat(after time.Duration, e credit.Event) {
	p.now, p.sequence = p.now+after, p.sequence+1
	o, in := p.r.Observe(opened.Add(p.now), ana.Account, Beat{Beat: credit.Beat{Stream: "one", Sequence: p.sequence, Event: e}})
	if !in || o.Refusal != credit.Accepted {
		p.b.Fatal(o.Refusal)
	}
}

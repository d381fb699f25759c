package room

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
)

// full is a room with so many people, each with one connection named like its number.
func full(t *testing.T, people int) (*Room, []Person) {
	t.Helper()
	plan := hour(t).Plan
	plan.Outage = Outage{Percent: 25, Least: 5, Within: 30 * time.Second, Most: 5 * time.Minute}
	r := New(plan)
	all := make([]Person, people)
	for i := range all {
		all[i] = Person{Account: uuid.UUID{1, byte(i)}, Name: fmt.Sprint("P", i)}
		r.Join(at(0), all[i], fmt.Sprint(i), Past{})
	}
	return r, all
}

func TestManyLostTheirConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		people, lost int
		apart        float64 // seconds between two losses
		want         bool
	}{
		{"a third at once", 30, 10, 0.1, true},
		{"a quarter is not more than a quarter", 40, 10, 0.1, false},
		{"four people are too few", 8, 4, 0.1, false},
		{"one after the other over ten minutes", 30, 10, 60, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, all := full(t, c.people)
			now, found := 600.0, false
			for i := range c.lost {
				r.Lose(at(now), all[i].Account, fmt.Sprint(i))
				_, is := r.Incident(at(now + 0.05))
				found = found || is
				now += c.apart
			}
			if found != c.want {
				t.Errorf("incident %v", found)
			}
		})
	}
}

// The incident lasts from the first loss until enough are back, and leaves the denominator for everybody.
func TestIncidentLastsUntilTheyAreBack(t *testing.T) {
	t.Parallel()
	r, all := full(t, 20)
	for i := range 10 {
		r.Lose(at(600+float64(i)), all[i].Account, fmt.Sprint(i))
	}
	span, is := r.Incident(at(611))
	if !is || !span.From.Equal(at(600)) || !span.To.Equal(at(611)) {
		t.Fatalf("%v %v", span, is)
	}
	for i := range 8 {
		r.Join(at(640+float64(i)), all[i], fmt.Sprint("again ", i), Past{})
		r.Incident(at(640.5 + float64(i)))
	}
	last := span
	for s := 649.0; s < 700; s++ {
		if span, is := r.Incident(at(s)); is {
			last = span
		}
	}
	if last.To.After(at(649)) {
		t.Errorf("until %s", last.To)
	}
	r.Know([]credit.Span{{From: at(600), To: at(645)}}, nil)
	if c, _ := r.Meter(at(700), all[19].Account); c.LeftOut != 45 || c.Creditable != 3555 {
		t.Errorf("%+v", c)
	}
}

// Who never comes back does not make it last for ever, and a group that cuts its lines on purpose can do so twice.
func TestIncidentsAreBounded(t *testing.T) {
	t.Parallel()
	r, all := full(t, 20)
	var total time.Duration
	incidents := 0
	for round := range 8 {
		begin := 60 + 420*float64(round)
		var last credit.Span
		for i := range 8 {
			r.Lose(at(begin), all[i].Account, fmt.Sprint(i))
		}
		for s := 1.0; s < 400; s++ {
			if span, is := r.Incident(at(begin + s)); is {
				last = span
			}
		}
		for i := range 8 {
			r.Join(at(begin+401), all[i], fmt.Sprint(i), Past{})
		}
		if l := last.Length(); l > 0 {
			incidents++
			total += l
			if l > 5*time.Minute {
				t.Errorf("one of %s", l)
			}
		}
	}
	if incidents != 2 || total > 10*time.Minute {
		t.Errorf("%d incidents, %s in all", incidents, total)
	}
}

// An instance that dies takes the connections of many: an incident since its last sign, also when they came back before its
// lease was over.
func TestInstanceDied(t *testing.T) {
	t.Parallel()
	r, all := full(t, 10)
	for i := range 10 {
		p := Person{Account: uuid.UUID{2, byte(i)}}
		r.Feed(at(595), []Far{elsewhere(p, fmt.Sprint("far ", i), 590, 0, credit.Joined)})
		if i < 9 {
			r.Join(at(602), p, fmt.Sprint("new ", i), Past{})
		}
	}
	_ = all
	r.Keep(at(606), []uuid.UUID{here}, map[uuid.UUID]time.Time{there: at(600)})
	span, is := r.Incident(at(606))
	if !is || !span.From.Equal(at(600)) || span.Length() > 6*time.Second {
		t.Errorf("%v %v", span, is)
	}
	if again, is := r.Incident(at(607)); is {
		t.Errorf("once more: %v", again)
	}
}

// However many leave in good order, here or elsewhere, at once or one after the other, and come back or not: it is no outage, also when some
// vanish meanwhile, as long as they are no large share of those who were just there.
func TestLeavingIsNoOutage(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		people := 5 + rnd.IntN(60)
		r, all := full(t, people)
		vanish := rnd.IntN(people/4 + 1)
		for i, p := range all {
			if rnd.IntN(2) == 0 { // half of them are on another instance
				r.Part(at(1), p.Account, fmt.Sprint(i))
				r.Feed(at(1), []Far{elsewhere(p, fmt.Sprint("far ", i), 1, 0, credit.Joined)})
			}
		}
		begin, over := 300.0, 30*rnd.Float64()
		for i, p := range all {
			when := begin + over*float64(i)/float64(people)
			near, far := fmt.Sprint(i), fmt.Sprint("far ", i)
			here, end := r.viewers[p.Account].streams[near] != nil, Far{}
			switch how := rnd.IntN(2); {
			case i < vanish:
				end = elsewhere(p, far, when, 0, credit.Lost)
				r.Lose(at(when), p.Account, near)
			case here && how == 0:
				r.Observe(at(when), p.Account, Beat{Beat: credit.Beat{Stream: near, Sequence: 1, Event: credit.Left}})
			case here:
				r.Part(at(when), p.Account, near)
			case how == 0:
				end = elsewhere(p, far, when, 0, credit.Left)
			default:
				end = elsewhere(p, far, when, 0, credit.Lost)
				end.Clean = true
			}
			if !here {
				r.Feed(at(when), []Far{end})
			}
			if rnd.IntN(5) == 0 {
				r.Join(at(when+0.01), p, fmt.Sprint("again ", i), Past{})
			}
			if span, is := r.Incident(at(when + 0.02)); is {
				t.Fatalf("seed %d: %d people, %d of them vanished, are an incident: %v", seed, people, vanish, span)
			}
		}
		for s := range 120 {
			if span, is := r.Incident(at(begin + over + float64(s))); is {
				t.Fatalf("seed %d: %d people, %d of them vanished, are an incident %d s later: %v", seed, people, vanish, s, span)
			}
		}
	}
}

// A farewell may arrive after the connection is gone, by a request to any instance: nothing was lost.
func TestFarewellAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, farewell := range map[string]func(*Room, Person, string){
		"here": func(r *Room, p Person, stream string) {
			r.Depart(at(601), p.Account, credit.Beat{Stream: stream, Sequence: 1, Event: credit.Left})
		},
		"elsewhere": func(r *Room, p Person, stream string) {
			r.Feed(at(601), []Far{elsewhere(p, stream, 601, 1, credit.Left)})
		},
	} {
		r, all := full(t, 20)
		for i, p := range all {
			r.Lose(at(600), p.Account, fmt.Sprint(i))
			farewell(r, p, fmt.Sprint(i))
		}
		if span, is := r.Incident(at(602)); is {
			t.Errorf("%s: %v", name, span)
		}
	}
}

// Neither kind of end gains anything over the other: what is written down is worth the same.
func TestPartingIsWorthNoMore(t *testing.T) {
	t.Parallel()
	for _, back := range []float64{0, 640, 700} {
		var meters []credit.Credit
		for _, end := range []func(*Room) *Beat{
			func(r *Room) *Beat { return r.Lose(at(610), ana.Account, "one") },
			func(r *Room) *Beat { return r.Part(at(610), ana.Account, "one") },
		} {
			r := hour(t)
			watch(t, r, ana, "one", 0, 600)
			if b := end(r); b == nil || b.Event != credit.Lost {
				t.Fatalf("%+v", b)
			}
			if back > 0 {
				watch(t, r, ana, "two", int(back), int(back)+60)
			}
			c, _ := r.Meter(at(800), ana.Account)
			meters = append(meters, c)
		}
		if !reflect.DeepEqual(meters[0], meters[1]) {
			t.Errorf("back at %v: lost %+v, closed %+v", back, meters[0], meters[1])
		}
	}
}

func TestProgramme(t *testing.T) {
	t.Parallel()
	marks := []Mark{{Kind: credit.Break, From: at(1200)}, {Kind: credit.Talk, From: at(1800)}, {Kind: credit.Sponsor, From: at(3000)}}
	length := func(now float64, upTo int) int {
		var moment time.Time
		if now > 0 {
			moment = at(now)
		}
		return int(Programme(opened, at(3600), moment, marks[:upTo]).Creditable().Length() / time.Second)
	}
	for _, c := range []struct {
		now  float64
		upTo int
		want int
	}{{0, 0, 3600}, {0, 3, 2400}, {1500, 1, 3300}, {1200, 1, 3600}, {2000, 2, 3000}, {3300, 3, 2700}, {0, 1, 1200}} {
		if got := length(c.now, c.upTo); got != c.want {
			t.Errorf("at %v with %d marks: %d s, want %d s", c.now, c.upTo, got, c.want)
		}
	}
}

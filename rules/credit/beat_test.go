package credit

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

const viewer = "ana"

func session() Session {
	return Session{Viewer: viewer, Opened: start, Closed: start.Add(time.Hour), Silence: DefaultSilence}
}

func beat(stream string, sequence int64, after time.Duration, e Event) Beat {
	return Beat{Viewer: viewer, Stream: stream, Sequence: sequence, At: start.Add(after), Event: e}
}

// honest is a viewer who joins, plays with a beat every 15 s, and leaves.
func honest(stream string, from, to time.Duration) []Beat {
	log := []Beat{beat(stream, 0, from, Joined)}
	n := int64(0)
	for at := from; at < to; at += BeatEvery {
		n++
		log = append(log, beat(stream, n, at, Playing))
	}
	return append(log, beat(stream, 0, to, Left))
}

func worthOf(s Session, log []Beat) (Credit, []Refused) {
	intervals, refused := Watch(s, log)
	e := hour(intervals...)
	return Evaluate(e), refused
}

// Every cheat of the list gains nothing above the truth, and is refused where it can be told.
func TestCheats(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	withoutJoining := honest("a", 0, 40*m)[1:]
	replayed := append(honest("a", 0, 10*m), honest("a", 0, 10*m)...)
	resent := append(honest("a", 0, 10*m)[:41], beat("a", 3, 20*m, Playing), beat("a", 4, 20*m+BeatEvery, Playing))
	future := append(honest("a", 0, 10*m), honest("b", 59*m, 90*m)...)
	early := append(honest("a", -30*m, 10*m), honest("b", 0, 10*m)...)
	fast := []Beat{beat("a", 0, 0, Joined)}
	for i := range 4000 { // the beats of 1000 minutes within ten; the first after 150 ms
		fast = append(fast, beat("a", int64(i+1), time.Duration(i+1)*150*time.Millisecond, Playing))
	}
	foreign := honest("a", 0, 50*m)
	for i := range foreign {
		foreign[i].Viewer = "bor"
	}
	paused := []Beat{beat("a", 0, 0, Joined), beat("a", 1, 0, Playing), beat("a", 2, 10*m/60, Paused)}
	for i := range 200 {
		paused = append(paused, beat("a", int64(i+3), 10*m/60+time.Duration(i)*BeatEvery, Paused))
	}
	var tabs []Beat
	for _, tab := range []string{"a", "b", "c", "d", "e"} {
		tabs = append(tabs, honest(tab, 0, 10*m)...)
	}
	jumping := honest("a", 0, 10*m)
	for i := range jumping {
		jumping[i].Sequence *= 100
	}
	claims := []Beat{beat("a", 0, 0, Joined), beat("a", 1, 0, Playing), beat("a", 2, 59*m, Playing)}
	afterLeaving := append(honest("a", 0, 10*m), beat("a", 99, 11*m, Playing), beat("a", 100, 11*m+BeatEvery, Playing))

	for _, c := range []struct {
		name string
		log  []Beat
		want Seconds
		why  Refusal
	}{
		{"an honest viewer", honest("a", 0, 10*m), 600, Accepted},
		{"heartbeat without joining", withoutJoining, 0, NotJoined},
		{"the log replayed", replayed, 600, Replayed},
		{"old beats sent again", resent, 600 - 15, Replayed},
		{"from the future, after the end", future, 600 + 60, TooLate},
		{"before the room was open", early, 600, TooEarly},
		{"at 100 times the speed", fast, 599, Accepted},
		{"for another user", foreign, 0, Foreign},
		{"while paused", paused, 10, Accepted},
		{"five tabs", tabs, 600, Accepted},
		{"jumping sequence", jumping, 600, Accepted},
		{"two beats that claim an hour", claims, 0, Accepted},
		{"after leaving", afterLeaving, 600, NotJoined},
		{"an event of one's own making", []Beat{beat("a", 0, 0, Joined), beat("a", 1, m, "watched-all")}, 0, Unknown},
	} {
		got, refused := worthOf(session(), c.log)
		if got.Watched != c.want {
			t.Errorf("%s: %d s, the truth is %d", c.name, got.Watched, c.want)
		}
		found := c.why == Accepted
		for _, r := range refused {
			found = found || r.Why == c.why
		}
		if !found || c.why == Accepted && len(refused) > 0 {
			t.Errorf("%s: refused %v, want %q", c.name, refused, c.why)
		}
	}
}

func TestBeatsAndConnections(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	cut := func(log []Beat, e Event) []Beat { // the last line becomes the end of the connection
		log[len(log)-1].Event = e
		return log
	}
	missing := honest("a", 0, 10*m)
	missing = append(missing[:5], missing[6:]...)
	stalled := []Beat{beat("a", 0, 0, Joined)}
	for i, e := range []Event{Playing, Playing, Stalled, Playing, Playing} {
		stalled = append(stalled, beat("a", int64(i+1), time.Duration(i)*BeatEvery, e))
	}
	for _, c := range []struct {
		name string
		log  []Beat
		want Seconds
	}{
		{"one beat lost on the way", missing, 600},
		{"the connection broke: nothing after the last beat", cut(honest("a", 0, 10*m), Lost), 585},
		{"it broke, back within the grace", append(cut(honest("a", 0, 10*m), Lost), honest("b", 10*m+30*time.Second, 20*m)...), 1200},
		{"it broke, back too late", append(cut(honest("a", 0, 10*m), Lost), honest("b", 11*m, 20*m)...), 585 + 540},
		{"left and came back: no grace", append(honest("a", 0, 10*m), honest("b", 10*m+30*time.Second, 20*m)...), 600 + 570},
		{"a stalled picture is kept like a lost connection", stalled, 60},
		{"joined and never played", []Beat{beat("a", 0, 0, Joined), beat("a", 0, 30*m, Left)}, 0},
	} {
		if got, refused := worthOf(session(), c.log); got.Watched != c.want || len(refused) > 0 {
			t.Errorf("%s: %d s, want %d; refused %v", c.name, got.Watched, c.want, refused)
		}
	}
}

func TestTrackerIsWatchOneAtATime(t *testing.T) {
	t.Parallel()
	log := honest("a", 0, 10*time.Minute)
	s := session()
	s.Closed = start
	tracker := NewTracker(s)
	for _, b := range log {
		tracker.Extend(b.At)
		if why := tracker.Observe(b); why != Accepted {
			t.Fatalf("%+v is refused: %s", b, why)
		}
	}
	want, _ := Watch(session(), log)
	if got := tracker.Intervals(); !reflect.DeepEqual(got, want) {
		t.Errorf("intervals %v, want %v", got, want)
	}
	if why := tracker.Observe(beat("b", 0, time.Minute, Joined)); why != Accepted {
		t.Errorf("another connection has its own order: %s", why)
	}
	if why := tracker.Observe(beat("b", 1, 0, Playing)); why != Backwards {
		t.Errorf("a beat before the last one: %q", why)
	}
}

// Whatever is in the log, in whatever order: the intervals stay in the room, no stream has
// more than its wall time, and a replay of the log adds nothing.
func FuzzWatch(f *testing.F) {
	for n := range uint64(30) {
		f.Add(n, int(n)*10)
	}
	events := []Event{Joined, Playing, Playing, Playing, Paused, Stalled, Left, Lost, "?"}
	f.Fuzz(func(t *testing.T, seed uint64, n int) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var log []Beat
		for i := range max(0, n%400) {
			at := time.Duration(rnd.IntN(70*60)-300) * time.Second
			log = append(log, beat(string(rune('a'+rnd.IntN(4))), int64(rnd.IntN(i+2)), at, events[rnd.IntN(len(events))]))
		}
		got, _ := Watch(session(), log)
		room := Union(Span{From: start, To: start.Add(time.Hour)})
		for _, w := range got {
			if !room.Covers(w.Span) || w.Length() <= 0 {
				t.Fatalf("%v is not in the room", w)
			}
		}
		twice := append(append([]Beat{}, log...), log...)
		rnd.Shuffle(len(twice), func(i, k int) { twice[i], twice[k] = twice[k], twice[i] })
		if again, _ := Watch(session(), twice); !reflect.DeepEqual(got, again) {
			t.Fatalf("a replay changes the intervals:\n%v\n%v", got, again)
		}
	})
}

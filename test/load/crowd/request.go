package crowd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// The requests of a viewer. An answer carries the number of its request, whose last digit is the kind.
const (
	askHello = iota + 1
	askSubscribe
	askJoin
	askHistory
	askBeat
	askSay
	askDelivered
	askAnswer
)

// ask sends a request and gives its number.
func (v *viewer) ask(kind int, format string, args ...any) int {
	v.asked++
	id := v.asked*10 + kind
	v.send(fmt.Appendf(nil, `{"id":%d,`+format+`}`, append([]any{id}, args...)...))
	return id
}

// call asks for a method of the room.
func (v *viewer) call(kind int, method, more string) int {
	return v.ask(kind, `"rpc":{"method":%q,"data":{"webinarId":%q%s}}`, method, v.crowd.Webinar, more)
}

// answered handles the answer to a request.
func (v *viewer) answered(line []byte, now time.Time) {
	id := int(number(line[len(`{"id":`):]))
	if bytes.Contains(line[:min(len(line), 60)], []byte(`"error":`)) {
		v.refused(id, text(line, "message"), now)
		return
	}
	switch id % 10 {
	case askHello:
		v.attempt, v.again = 0, 0
		v.subscribe()
	case askSubscribe:
		v.join()
	case askJoin, askHistory:
		if first := id%10 == askJoin; !first || id == v.joins {
			v.joined(line, first, now)
		}
	case askBeat:
		if !v.watched.sent.IsZero() {
			v.crowd.Beat.Add(now.Sub(v.watched.sent))
		}
		v.watched.Answered(now)
	case askSay:
		if message, waiting := v.asking[id]; waiting {
			delete(v.asking, id)
			delete(v.saying, message)
			v.crowd.Accepted++
		}
	case askAnswer:
		v.number = 0
		if bytes.Contains(line, []byte(`"counted":true`)) {
			v.counted++
			v.crowd.Counted++
		} else {
			v.crowd.Late++
		}
	}
}

func (v *viewer) subscribe() {
	v.state = subscribing
	v.within("no answer to subscribe")
	v.ask(askSubscribe, `"subscribe":{"channel":%q}`, v.crowd.Room)
}

func (v *viewer) join() {
	v.state = joining
	v.waits(func() {
		v.crowd.Refused["room.join: no answer"]++
		v.joins = 0
		v.joinSoon()
	})
	v.joins = v.call(askJoin, "room.join", fmt.Sprintf(`,"afterSequence":%d`, v.ledger.Last()))
}

// joinSoon tries again on the same connection.
func (v *viewer) joinSoon() {
	v.step++
	v.later(rejoinAfter+rand.N(rejoinAfter), v.join) //nolint:gosec // jitter
}

// refused handles a request that was not carried out: what is temporary is asked for again.
func (v *viewer) refused(id int, why string, now time.Time) {
	kind := id % 10
	name := []string{"", "connect", "subscribe", "room.join", "chat.history", "room.beat", "chat.send", "check.delivered", "check.answer"}[min(kind, 8)]
	v.crowd.Refused[name+": "+why]++
	wait := 100*time.Millisecond + rand.N(200*time.Millisecond) //nolint:gosec // jitter
	switch kind {
	case askSubscribe:
		v.step++
		v.later(backOff(v.again, subscribeLeast, subscribeMost), v.subscribe)
		v.again++
	case askJoin:
		if id == v.joins {
			v.joinSoon()
		}
	case askHistory:
		v.later(wait, v.history)
	case askBeat:
		v.watched.sent = time.Time{}
	case askSay:
		if message, waiting := v.asking[id]; waiting {
			delete(v.asking, id)
			v.later(wait, func() { v.speak(message) })
		}
	case askHello:
		v.leave(now, "connect: "+why)
	}
}

func (v *viewer) history() {
	v.call(askHistory, "chat.history", fmt.Sprintf(`,"afterSequence":%d`, v.ledger.Last()))
}

// joined takes what the answer tells of the chat. A newcomer is owed what comes from now on, who was here before everything.
func (v *viewer) joined(line []byte, first bool, now time.Time) {
	last, _ := field(line, "lastSequence")
	if !v.owed && first {
		v.ledger.Begin(int32(last)) //nolint:gosec // the protocol has 32 bits here
		v.owed = true
	} else {
		for _, m := range messages(nil, line) {
			v.ledger.Told(m.sequence)
			v.crowd.Caught++
		}
	}
	if int64(v.ledger.Last()) < last {
		v.history()
		return
	}
	for _, a := range v.early {
		v.see(a)
	}
	v.early = nil
	if told, tells := field(line, "viewers"); tells && first {
		v.told = told
	}
	v.entered(now)
	if check := bytes.Index(line, []byte(`"check":`)); check >= 0 && first {
		if n, open := field(line[check:], "number"); open {
			v.check(n)
		}
	}
}

func (v *viewer) entered(now time.Time) {
	c := v.crowd
	v.state, v.attempt = inRoom, 0
	c.inside++
	c.Joins.Add(now.Sub(v.since))
	if c.Webinar == "" {
		return
	}
	for message := range v.saying { // sent before the connection was lost, and not answered
		c.SentTwice++
		v.speak(message)
	}
	if c.Beats > 0 {
		v.beats = 0
		v.beat(rand.N(c.Beats)) //nolint:gosec // spread, so that a crowd that came at once does not beat at once
	}
}

// beat says that the person watches, now and then at the interval.
func (v *viewer) beat(next time.Duration) {
	if v.over {
		return
	}
	v.beats++
	v.watched.Sent(time.Now())
	v.later(next, func() { v.beat(v.crowd.Beats) })
	v.call(askBeat, "room.beat", fmt.Sprintf(`,"sequence":%d,"player":"PLAYER_PLAYING","positionMs":%d`, v.beats, v.beats*1000))
}

// say begins a message. Somebody who is away says it on coming back, as a page does.
func (v *viewer) say(now time.Time) {
	if v.saying == nil {
		v.saying, v.asking = map[string]time.Time{}, map[int]string{}
	}
	id := uuid.NewString()
	v.saying[id] = now
	if v.state == inRoom {
		v.speak(id)
	}
}

func (v *viewer) speak(id string) {
	request := v.call(askSay, "chat.send", fmt.Sprintf(`,"id":%q,"body":%q`, id, Body(v.saying[id].UnixNano())))
	v.asking[request] = id
}

// check shows a presence check, and answers it after a while.
func (v *viewer) check(n int64) {
	if v.number == n || !v.crowd.Checks {
		return
	}
	v.number = n
	v.crowd.Asked++
	v.call(askDelivered, "check.delivered", fmt.Sprintf(`,"number":%d`, n))
	v.later(time.Second+rand.N(5*time.Second), func() { //nolint:gosec // people are of different speed
		v.call(askAnswer, "check.answer", fmt.Sprintf(`,"number":%d`, n))
	})
}

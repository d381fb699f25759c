package crowd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

type state byte

const (
	away state = iota
	dialling
	opening
	hello
	subscribing
	joining
	inRoom
)

// How long the page waits: for an answer, before subscribing again, and before joining again. Whoever gets no answer on the way to
// the room hangs up and comes back; only joining is tried again on the same connection.
const (
	patience       = 6 * time.Second
	subscribeLeast = 500 * time.Millisecond
	subscribeMost  = 4 * time.Second
	rejoinAfter    = time.Second
)

// viewer is one person with one connection.
type viewer struct {
	crowd  *Crowd
	person Person
	fd     int
	state  state
	life   int // counts connections, so that what was planned for an earlier one is left undone

	come    []byte // of a frame or an answer of which not all has come
	asked   int
	step    int       // counts what was asked on the way in; of what was asked before the last of it, answers are too late
	attempt int       // since the server last answered
	again   int       // of subscribing
	joins   int       // the request whose answer lets it in
	since   time.Time // of the first attempt to come in
	owed    bool      // everything after what the ledger has: it was in the room before

	ledger  Ledger
	early   []arrival // pushes that came before the answer to room.join
	watched Watched
	beats   int
	saying  map[string]time.Time // messages without an answer yet: id and moment
	asking  map[int]string       // request → id of its message
	number  int64                // of the check that waits for an answer
	counted int
	told    int64 // number of viewers
	over    bool  // the room has said goodbye
}

// arrival is a message and how long it took.
type arrival struct {
	sequence int32
	took     time.Duration
}

// push is what was read of a frame.
type push struct {
	raw       []byte
	messages  []said
	told      int64
	tells     bool
	goodbye   bool
	forPerson bool
}

func (v *viewer) dial(since time.Time) {
	c := v.crowd
	if v.state != away {
		return
	}
	if v.since.IsZero() {
		v.since = since
	}
	fd, err := c.poll.dial(c.to)
	if err != nil {
		c.err = err
		return
	}
	v.fd, v.state, v.come = fd, dialling, nil
	v.life++
	v.ledger.Connect()
	c.byFile[fd] = v
	v.within("no answer to the handshake")
}

// within hangs up when a step of coming in takes longer than the page waits for it.
func (v *viewer) within(why string) {
	v.waits(func() { v.leave(time.Now(), why) })
}

// waits does something when the page's patience with this step ends before the next one has begun.
func (v *viewer) waits(do func()) {
	v.step++
	step := v.step
	v.later(patience, func() {
		if v.step == step && v.state != inRoom {
			do()
		}
	})
}

// later does something after a time, unless the connection has gone.
func (v *viewer) later(after time.Duration, do func()) {
	life := v.life
	v.crowd.at(time.Now().Add(after), func() {
		if v.life == life && v.state != away {
			do()
		}
	})
}

func (v *viewer) dialled() {
	if code, err := syscall.GetsockoptInt(v.fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err != nil || code != 0 {
		v.leave(time.Now(), syscall.Errno(code).Error()) //nolint:gosec // a number of the system
		return
	}
	if err := v.crowd.poll.read(v.fd); err != nil {
		v.crowd.err = err
		return
	}
	v.state = opening
	v.write(handshake(v.crowd.Address, v.crowd.Path, v.person.Cookie))
}

// leave ends the connection: because the server did (why), or because we cut it ("").
func (v *viewer) leave(now time.Time, why string) {
	c := v.crowd
	if v.state == away {
		return
	}
	if why != "" {
		c.Ends[why]++
	}
	if v.state == inRoom {
		c.inside--
		v.since = now
	}
	delete(c.byFile, v.fd)
	_ = syscall.Close(v.fd)
	v.watched.Lost(now)
	v.fd, v.state, v.come, v.early, v.number = -1, away, nil, nil, 0
	clear(v.asking)
	back := now.Add(backOff(v.attempt, c.BackLeast, c.BackMost))
	v.attempt++
	c.at(back, func() { v.dial(now) })
}

func (v *viewer) write(b []byte) {
	n, err := syscall.Write(v.fd, b)
	if err != nil {
		v.leave(time.Now(), "write: "+err.Error())
	} else if n < len(b) {
		v.leave(time.Now(), "the server does not read")
	}
}

func (v *viewer) send(text []byte) {
	c := v.crowd
	c.frame = appendFrame(c.frame[:0], text)
	v.write(c.frame)
}

// take reads what has come.
func (v *viewer) take(b []byte, now time.Time) {
	if len(v.come) > 0 {
		b = append(v.come, b...)
		v.come = nil
	}
	if v.state == opening {
		head, rest, whole := bytes.Cut(b, []byte("\r\n\r\n"))
		if !whole {
			v.come = bytes.Clone(b)
			return
		}
		if !bytes.Contains(head[:min(len(head), 16)], []byte(" "+strconv.Itoa(http.StatusSwitchingProtocols))) {
			line, _, _ := bytes.Cut(head, []byte("\r\n"))
			v.leave(now, string(line))
			return
		}
		v.opened()
		b = rest
	}
	for v.state != away {
		op, payload, rest, whole, err := nextFrame(b)
		switch {
		case err != nil:
			v.leave(now, err.Error())
			return
		case !whole:
			if len(b) > 0 {
				v.come = bytes.Clone(b)
			}
			return
		case op == opClose:
			why := "closed without a code"
			if len(payload) >= 2 {
				why = fmt.Sprintf("closed %d: %s", binary.BigEndian.Uint16(payload), payload[2:])
			}
			v.leave(now, why)
			return
		case op == opText:
			v.lines(payload, now)
		}
		b = rest
	}
}

func (v *viewer) opened() {
	if v.crowd.Webinar == "" {
		v.entered(time.Now())
		return
	}
	v.state = hello
	v.within("no answer to connect")
	v.ask(askHello, `"connect":{}`)
}

// lines are replies and pushes; a frame may hold several.
func (v *viewer) lines(frame []byte, now time.Time) {
	v.crowd.Frames++
	for len(frame) > 0 && v.state != away {
		var line []byte
		line, frame, _ = bytes.Cut(frame, []byte("\n"))
		switch {
		case len(line) == 2: // {}: a ping
			v.send(line)
		case bytes.HasPrefix(line, []byte(`{"push":`)):
			v.pushed(line, now)
		case bytes.HasPrefix(line, []byte(`{"id":`)):
			v.answered(line, now)
		}
	}
}

func (v *viewer) pushed(line []byte, now time.Time) {
	p := v.crowd.read(line)
	if p.forPerson {
		if number, open := field(line, "number"); open && bytes.Contains(line, []byte(`"check":`)) {
			v.check(number)
		}
		return
	}
	for _, m := range p.messages {
		a := arrival{m.sequence, time.Duration(now.UnixNano() - m.nano)}
		if v.state == inRoom {
			v.see(a)
		} else {
			v.early = append(v.early, a)
		}
	}
	if p.tells {
		v.told = p.told
		v.crowd.Numbers++
	}
	if p.goodbye && !v.over {
		v.over = true
		v.crowd.Goodbyes++
	}
}

func (v *viewer) see(a arrival) {
	v.ledger.See(a.sequence)
	v.crowd.Latency.Add(a.took)
}

// read reads a push, unless it is the one that was read last: byte for byte the same.
func (c *Crowd) read(line []byte) *push {
	p := &c.push
	if bytes.Equal(p.raw, line) {
		return p
	}
	p.raw = append(p.raw[:0], line...)
	p.forPerson = bytes.HasPrefix(line, []byte(`{"push":{"channel":"#`))
	p.messages = messages(p.messages[:0], line)
	p.told, p.tells = field(line, "viewers")
	p.goodbye = bytes.Contains(line, []byte(`"closed":`))
	return p
}

// Package fanout writes what a room says to all its viewers.
//
// Why not the engine, which does that too: it puts each message into a queue of each connection, and wakes a goroutine for each,
// which takes it out again and copies it into a buffer. That costs as much as the write itself. Here the frame is made
// once, and a few goroutines write it to one socket after the other, as a bare server would. A viewer who does not read is left
// to the engine's rules: what waits for it is bounded, and beyond that it is cut.
//
//	Send ──> queue of each shard ──> one frame of all that waits ──> socket, socket, socket …
//
// Frames to one connection keep the order of Send. The engine keeps everything else: who may subscribe, answers, pings, and the
// way between instances.
package fanout

import (
	"bytes"
	"hash/maphash"
	"sync"
)

// Member is one who gets what is sent to a channel.
type Member interface {
	// Push must not wait. A member whose Push fails is removed.
	Push(frame []byte) error
}

// mostInFrame is how much is sent in one frame when a shard is behind.
const mostInFrame = 32 << 10

// Fan is used by many goroutines.
type Fan struct {
	shards []*shard
	seed   maphash.Seed
	failed func(channel, id string, err error)
}

// New makes a fan that writes with so many goroutines at once. What failed is told, and must not wait.
func New(writers int, failed func(channel, id string, err error)) *Fan {
	f := &Fan{seed: maphash.MakeSeed(), failed: failed}
	for range max(1, writers) {
		f.shards = append(f.shards, &shard{fan: f, channels: map[string]*members{}})
	}
	return f
}

// Add lets a member hear a channel from now on.
func (f *Fan) Add(channel, id string, m Member) {
	s := f.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	if c == nil {
		c = &members{byID: map[string]Member{}}
		s.channels[channel] = c
	}
	c.byID[id], c.list = m, nil
}

// Remove lets a member hear a channel no more; a frame under way may still come.
func (f *Fan) Remove(channel, id string) {
	s := f.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	if c == nil || c.byID[id] == nil {
		return
	}
	delete(c.byID, id)
	c.list = nil
	if len(c.byID) == 0 {
		delete(s.channels, channel)
	}
}

// Drop removes a member from all channels.
func (f *Fan) Drop(id string) {
	s := f.shard(id)
	s.mu.Lock()
	var of []string
	for channel, c := range s.channels {
		if c.byID[id] != nil {
			of = append(of, channel)
		}
	}
	s.mu.Unlock()
	for _, channel := range of {
		f.Remove(channel, id)
	}
}

// Send gives a line to all members of a channel. It does not wait for them.
func (f *Fan) Send(channel string, line []byte) {
	for _, s := range f.shards {
		s.send(job{channel, line})
	}
}

func (f *Fan) shard(id string) *shard {
	return f.shards[maphash.String(f.seed, id)%uint64(len(f.shards))]
}

// shard is a part of the members of all channels.
type shard struct {
	fan *Fan

	mu       sync.Mutex
	channels map[string]*members
	jobs     []job
	running  bool
}

type job struct {
	channel string
	line    []byte
}

type members struct {
	byID map[string]Member
	list []entry // made of byID when it is needed; never changed, so that it can be read without the lock
}

type entry struct {
	id     string
	member Member
}

func (s *shard) send(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels[j.channel] == nil {
		return
	}
	s.jobs = append(s.jobs, j)
	if !s.running {
		s.running = true
		go s.run()
	}
}

// run writes while there is something to write.
func (s *shard) run() {
	for {
		s.mu.Lock()
		if len(s.jobs) == 0 {
			s.running, s.jobs = false, nil
			s.mu.Unlock()
			return
		}
		n := together(s.jobs)
		jobs := s.jobs[:n:n]
		s.jobs = s.jobs[n:]
		list := s.channels[jobs[0].channel].all()
		s.mu.Unlock()
		s.write(jobs, list)
	}
}

// together is how many of the next lines go in one frame: those of one channel that wait already.
func together(jobs []job) int {
	n, size := 1, len(jobs[0].line)
	for ; n < len(jobs) && jobs[n].channel == jobs[0].channel; n++ {
		if size += len(jobs[n].line); size > mostInFrame {
			break
		}
	}
	return n
}

func (s *shard) write(jobs []job, list []entry) {
	lines := make([][]byte, len(jobs))
	for i, j := range jobs {
		lines[i] = j.line
	}
	frame := Frame(bytes.Join(lines, []byte("\n")))
	for _, e := range list {
		if err := e.member.Push(frame); err != nil {
			s.fan.Remove(jobs[0].channel, e.id)
			s.fan.failed(jobs[0].channel, e.id, err)
		}
	}
}

// all is called with the shard's lock held; of no members there are none.
func (m *members) all() []entry {
	if m == nil {
		return nil
	}
	if m.list == nil {
		m.list = make([]entry, 0, len(m.byID))
		for id, one := range m.byID {
			m.list = append(m.list, entry{id, one})
		}
	}
	return m.list
}

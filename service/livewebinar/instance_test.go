package livewebinar

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

func TestLowestLivingKeeps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	first, second := uuid.UUID{1}, uuid.UUID{2}
	p := newPeers(second, nil, slog.New(slog.DiscardHandler), 5*time.Second)
	p.own = func() time.Time { return now }
	see := func(silent float64) {
		p.take(now, []store.InstanceListRow{{ID: first, Silent: silent}, {ID: second}})
	}
	if p.keeper() {
		t.Error("keeps before it gave a sign")
	}
	see(0.3)
	if p.keeper() || len(p.all()) != 2 {
		t.Error("two living: the lowest keeps")
	}
	for silent := 1.0; silent <= 7; silent++ {
		now = now.Add(time.Second)
		see(silent)
		if p.keeper() != (silent > 5) {
			t.Errorf("the other silent for %v s: keeper %v", silent, p.keeper())
		}
	}
	if p.dead[first] != 7*time.Second {
		t.Errorf("dead: %v", p.dead)
	}
	now = now.Add(6 * time.Second)
	if p.keeper() {
		t.Error("keeps though it could give no sign for longer than a lease")
	}
}

// That nobody else can have written anything is certain only after it was alone for that long, counted from its own beginning.
func TestAlone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	me, other := uuid.UUID{1}, uuid.UUID{2}
	p := newPeers(me, nil, slog.New(slog.DiscardHandler), 5*time.Second)
	p.own = func() time.Time { return now }
	others := map[int][]store.InstanceListRow{20: {{ID: other}}, 21: {{ID: other, Silent: 1}}, 22: {{ID: other, Silent: 60}}}
	for second := range 50 {
		p.take(now, append(others[second], store.InstanceListRow{ID: me}))
		if want := second > 10 && second < 20 || second > 31; p.aloneFor(10*time.Second) != want {
			t.Errorf("second %d: alone is %v", second, !want)
		}
		now = now.Add(time.Second)
	}
	now = now.Add(time.Minute)
	if p.aloneFor(10 * time.Second) {
		t.Error("it has not looked for a minute")
	}
}

// When the database was away nobody could give a sign: that is held against nobody.
func TestDatabaseAwayKillsNobody(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)
	me, other := uuid.UUID{1}, uuid.UUID{2}
	p := newPeers(me, nil, slog.New(slog.DiscardHandler), 5*time.Second)
	p.own = func() time.Time { return now }
	p.take(now, []store.InstanceListRow{{ID: me}, {ID: other}})
	now = now.Add(time.Minute)
	p.take(now, []store.InstanceListRow{{ID: me}, {ID: other, Silent: 60}})
	if len(p.all()) != 2 {
		t.Error("the other is dead after an outage of the database")
	}
	for range 6 {
		now = now.Add(time.Second)
	}
	p.take(now.Add(-4*time.Second), []store.InstanceListRow{{ID: me}, {ID: other, Silent: 62}})
	p.take(now.Add(-2*time.Second), []store.InstanceListRow{{ID: me}, {ID: other, Silent: 64}})
	p.take(now, []store.InstanceListRow{{ID: me}, {ID: other, Silent: 66}})
	if len(p.all()) != 1 {
		t.Error("who gives no sign for a lease after the outage is not dead")
	}
}

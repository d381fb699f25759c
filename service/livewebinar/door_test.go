package livewebinar

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

func TestDoorOpensOnce(t *testing.T) {
	t.Parallel()
	here, there := uuid.UUID{1}, uuid.UUID{2}
	who, now := room.Person{Account: uuid.UUID{3}}, time.Now()
	var d door
	if _, in := d.pass(here, now); in {
		t.Error("nobody was let in")
	}
	d.open(here, who, now)
	if p, in := d.pass(here, now.Add(callWithin)); !in || p != who {
		t.Errorf("let in: %v %v", p, in)
	}
	if _, in := d.pass(here, now); in {
		t.Error("twice")
	}
	d.open(here, who, now)
	if _, in := d.pass(there, now); in {
		t.Error("into another room")
	}
	d.open(here, who, now)
	if _, in := d.pass(here, now.Add(callWithin+1)); in {
		t.Error("too late")
	}
	var none *door
	none.open(here, who, now)
	if _, in := none.pass(here, now); in {
		t.Error("without a door")
	}
}

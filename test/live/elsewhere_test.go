package live

import (
	"testing"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestOpenedElsewhere has two instances and no wire: pages on either hear that the webinar is live, that it has ended, and that a start
// was undone, whichever instance heard the event.
func TestOpenedElsewhere(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.Address = one.Address
	here := h.connect(uuid.Nil)
	h.Address = two.Address
	there := h.connect(uuid.Nil)
	hear := func(state string) {
		t.Helper()
		for _, visitor := range []*seat{here, there} {
			next(t, visitor.front, state, func(p *livewebinarpb.FrontPush) bool {
				return p.GetState() == state && p.GetWebinarId() == h.Webinar.String() && p.GetSlug() == "heart-failure"
			})
		}
	}
	h.GoLive()
	hear("live")
	h.Say("start.failed", &eventpb.StartFailed{WebinarId: h.Webinar.String()})
	h.Await("the room is given up", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'abandoned'`) == 1 })
	h.Exec(`UPDATE datamanagement.webinar SET state = 'planned', started_at = NULL, frozen_rule = NULL`)
	hear("planned")
	h.GoLive()
	hear("live")
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	h.Exec(`UPDATE datamanagement.webinar SET state = 'ended', ended_at = now()`) // nobody hears an event of it
	hear("ended")
}

// TestSlowElsewhere has one person write on two instances: slow mode is one for both.
func TestSlowElsewhere(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.GoLive()
	host, anaID := h.enterAt(one, h.Host, 0), h.Account("Ana")
	here, there := h.enterAt(one, anaID, 0), h.enterAt(two, anaID, 0)
	theres := there.view(t)
	host.did(t, "host.chat", &livewebinarpb.ChatSettingsRequest{SlowSeconds: 60})
	theres.until("slow mode there", func() bool { return theres.settings.GetSlowSeconds() == 60 })
	id := uuid.New()
	must(here.send(id, "first"))(t)
	if _, err := there.send(uuid.New(), "second"); !refused(err, "chat.slow") {
		t.Errorf("on the other instance: %v", err)
	}
	if n := must(there.send(id, "first"))(t); n != 1 {
		t.Errorf("sent again there it is number %d", n)
	}
}

package live

import (
	"testing"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// TestOpenedElsewhere has two instances and no wire: pages that wait on either hear that the room has opened.
func TestOpenedElsewhere(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one, two := h.Instance(Setup{}), h.Instance(Setup{})
	h.Address = one.Address
	here := h.connect(uuid.Nil)
	h.Address = two.Address
	there := h.connect(uuid.Nil)
	h.GoLive()
	for _, visitor := range []*seat{here, there} {
		next(t, visitor.front, "that it is live", func(p *livewebinarpb.FrontPush) bool {
			return p.GetState() == "live" && p.GetWebinarId() == h.Webinar.String()
		})
	}
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

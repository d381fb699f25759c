package live

import (
	"testing"
	"time"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
)

// Who loses the role while the room is open is a host no more on the connections that are open: neither for what only hosts may do or
// read, nor behind the stage.
func TestHostNoMore(t *testing.T) {
	t.Parallel()
	h := open(t)
	evaID := h.Account("Eva", "host")
	ana, host, eva, stays := h.enter(h.Account("Ana"), 0), h.enter(h.Host, 0), h.enter(evaID, 0), h.connect(evaID)
	eva.backstage(t)
	must(ana.send(uuid.New(), "Hello"))(t)
	ana.ask(t, "A question that is nobody's business", true)
	stays.joined = &livewebinarpb.JoinResponse{}
	if err := stays.Call(t.Context(), "room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String()}, stays.joined); err != nil {
		t.Fatal(err)
	}
	host.did(t, "backstage.send", &livewebinarpb.NoteRequest{Id: uuid.NewString(), Body: "Between us"})

	h.Exec(`UPDATE datamanagement.account SET roles = '{}' WHERE id = $1`, evaID)
	select {
	case <-eva.Done():
	case <-time.After(45 * time.Second):
		t.Fatal("still behind the stage")
	}
	closedWith(t, eva, 4001)
	stays.refused(t, "chat.own", "chat.delete", &livewebinarpb.DeleteRequest{Sequence: 1, Reason: "Because I can"})
	var state livewebinarpb.StateResponse
	if err := stays.Call(t.Context(), "room.state", &livewebinarpb.StateRequest{WebinarId: h.Webinar.String()}, &state); err != nil {
		t.Fatal(err)
	}
	if b := state.GetBoard(); len(b.GetNotes()) > 0 || len(b.GetQuestions()) != 1 || b.GetQuestions()[0].GetName() != "" {
		t.Errorf("reads as a host: %v", b)
	}
	again := h.enter(evaID, 0)
	if again.joined.GetHost() || len(again.joined.GetBoard().GetNotes()) > 0 {
		t.Errorf("comes back as a host: %v", again.joined)
	}
	if err := again.Subscribe(t.Context(), "backstage:"+h.Webinar.String()); !refused(err, "room.hosts") {
		t.Errorf("behind the stage again: %v", err)
	}
}

// Who is named lecturer while the room is open runs it from then on, and who was it does so no more.
func TestLecturerIsChanged(t *testing.T) {
	t.Parallel()
	h := open(t)
	zalaID := h.Account("Zala")
	h.Exec(`UPDATE datamanagement.account SET roles = '{}' WHERE id = $1`, h.Host) // so that only the webinar makes a host of anybody
	before := h.enter(h.Host, 0)
	if !before.joined.GetHost() {
		t.Fatal("the lecturer is no host")
	}
	h.Exec(`UPDATE datamanagement.lecturer SET account_id = $1`, zalaID)
	zala := h.enter(zalaID, 0)
	for within := time.Now().Add(45 * time.Second); !zala.joined.GetHost(); zala = h.enter(zalaID, 0) {
		if time.Now().After(within) {
			t.Fatal("the new lecturer is no host")
		}
		zala.Kill()
		time.Sleep(120 * time.Millisecond) // who floods is cut
	}
	zala.did(t, "host.announce", &livewebinarpb.AnnounceRequest{Text: "I take over"})
	before.refused(t, "room.hosts", "host.announce", &livewebinarpb.AnnounceRequest{Text: "And I am still here"})
	if after := h.enter(h.Host, 0); after.joined.GetHost() {
		t.Error("the old lecturer is still a host")
	}
}

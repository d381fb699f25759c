package live

import (
	"testing"

	"github.com/google/uuid"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/run"
)

// TestBell has a person on two instances, of which one is asked to tell how many notifications are new: both pages hear it, the page of
// another person hears nothing of it.
func TestBell(t *testing.T) {
	t.Parallel()
	h := Build(t)
	redis := NewRedis(t)
	there := h.Instance(Setup{Redis: redis.URL()})
	var rpc livewebinarpb.LiveWebinarServer
	h.serve(redis.URL(), func(m *run.Member) []*run.Member {
		rpc, _ = m.Service.RPC[0].Impl.(livewebinarpb.LiveWebinarServer)
		return nil
	})
	ana, bor := h.Account("Ana"), h.Account("Bor")
	seats := []*seat{h.connect(ana)}
	other := h.connect(bor)
	h.Address = there.Address
	seats = append(seats, h.connect(ana))
	tell := func(account uuid.UUID, unseen int32) {
		t.Helper()
		_, err := rpc.Tell(t.Context(), &livewebinarpb.TellRequest{People: []*livewebinarpb.Unseen{
			{AccountId: uuid.NewString(), Unseen: 9}, {AccountId: "nobody"}, {AccountId: account.String(), Unseen: unseen},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The instances may not hear each other yet; what is told meanwhile is not kept for anybody.
	h.Await("both pages hear it", func() bool {
		tell(ana, 3)
		for i, s := range seats {
			select {
			case p := <-s.person:
				if p.Unseen == nil || p.GetUnseen() != 3 {
					t.Fatalf("page %d: %v", i, p)
				}
			default:
				return false
			}
		}
		return true
	})
	tell(ana, 0)
	for _, s := range seats {
		next(t, s.person, "that all is seen", func(p *livewebinarpb.PersonPush) bool { return p.Unseen != nil && p.GetUnseen() == 0 })
	}
	tell(bor, 1)
	if p := next(t, other.person, "what is theirs", func(*livewebinarpb.PersonPush) bool { return true }); p.GetUnseen() != 1 {
		t.Errorf("another person hears of it: %v", p)
	}
	if _, err := rpc.Tell(t.Context(), &livewebinarpb.TellRequest{People: make([]*livewebinarpb.Unseen, 1001)}); !errs.HasCode(err, "bell.too_many") {
		t.Errorf("too many: %v", err)
	}
}

package notificationcenter_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// rooms hear what the bells are told; while they are away they answer so.
type rooms struct {
	mu      sync.Mutex
	away    bool
	unseen  map[string]int32
	refused map[string]bool
}

func (r *rooms) Invoke(_ context.Context, _ string, asked, _ any, _ ...grpc.CallOption) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range asked.(*livewebinarpb.TellRequest).GetPeople() {
		if r.away {
			r.refused[p.GetAccountId()] = true
		} else {
			r.unseen[p.GetAccountId()] = p.GetUnseen()
		}
	}
	if r.away {
		return errs.New(errs.Unavailable, errs.CodeUnavailable, errs.Absent)
	}
	return nil
}

func (r *rooms) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errs.New(errs.Unavailable, errs.CodeUnavailable, errs.Absent)
}

func (r *rooms) told(account uuid.UUID) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, known := r.unseen[account.String()]; known {
		return n
	}
	return -1
}

func (r *rooms) missed(account uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused[account.String()]
}

func (r *rooms) leave(away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}

// TestBellsRing: pages are told how many notifications are new, and that they were seen; while the rooms are away notifications arrive
// all the same, and who could not be told is told when they are back, also when nothing new comes.
func TestBellsRing(t *testing.T) {
	t.Parallel()
	r := &rooms{unseen: map[string]int32{}, refused: map[string]bool{}, away: true}
	w := newWorldWith(t, notificationcenter.Config{}, r)
	ana, bor := uuid.New(), uuid.New()
	site := func(account uuid.UUID) queue.Message {
		return queue.Message{Payload: message(eventpb.Channel_CHANNEL_SITE, account)}
	}
	w.put(site(ana), site(bor))
	w.until("both not to be told", func() bool { return r.missed(ana) && r.missed(bor) })
	r.leave(false)
	w.until("one that came meanwhile", func() bool { return r.told(bor) == 1 })
	w.put(site(ana), site(ana))
	w.until("three new ones", func() bool { return r.told(ana) == 3 })
	center := w.service.RPC[0].Impl.(notificationcenterpb.NotificationCenterServer)
	ctx := token.With(context.Background(), token.Claims{Account: ana})
	if _, err := center.MarkSeen(ctx, &notificationcenterpb.MarkSeenRequest{}); err != nil {
		t.Fatal(err)
	}
	w.until("none", func() bool { return r.told(ana) == 0 })
}

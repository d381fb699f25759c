package live

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	statisticspb "github.com/rounds-cme/rounds/contract/statistics/v1"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
)

// figures stands where statistics is, and remembers whose figures were asked for.
type figures struct {
	mu    sync.Mutex
	asked string
}

var errAway = errors.New("this part is not there")

// Invoke implements grpc.ClientConnInterface.
func (f *figures) Invoke(_ context.Context, _ string, q, _ any, _ ...grpc.CallOption) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if person, ok := q.(*statisticspb.PersonRequest); ok {
		f.asked = person.GetPseudonym()
		return nil
	}
	return errAway
}

// NewStream implements grpc.ClientConnInterface.
func (f *figures) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errAway
}

// TestOnePseudonym holds what the room tells the statistics against what the personal page asks them for: with the same
// key it is the same name, so that a person finds there what they did here.
func TestOnePseudonym(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	h.GoLive()
	ana := h.Account("Ana")
	must(h.enter(ana, 0).beat(1, livewebinarpb.Player_PLAYER_PLAYING))(t)
	h.Await("the room tells that Ana came", func() bool { return h.Count(`SELECT count(*) FROM queue.message WHERE queue = 'activity'`) > 0 })
	var payload []byte
	if err := h.admin.QueryRow(t.Context(), `SELECT payload FROM queue.message WHERE queue = 'activity' LIMIT 1`).Scan(&payload); err != nil {
		t.Fatal(err)
	}
	var told eventpb.Activity
	if err := proto.Unmarshal(payload, &told); err != nil {
		t.Fatal(err)
	}

	f := &figures{}
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: quiet(), Metrics: prometheus.NewRegistry(), DB: h.DB.Pool("bff"),
		BaseURL: "http://localhost", Dial: func(string) grpc.ClientConnInterface { return f },
	}, bff.Config{PseudonymKey: pseudonymKey})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range service.RPC {
		if points, ok := r.Impl.(bffpb.PointsServer); ok {
			if _, err := points.Personal(token.With(t.Context(), token.Claims{Account: ana}), &bffpb.PointsPersonalRequest{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if f.asked != told.GetPseudonym() || len(f.asked) != 64 {
		t.Errorf("the personal page asks for %q, the room told of %q", f.asked, told.GetPseudonym())
	}
}

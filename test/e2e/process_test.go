package e2e

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// processes is a BFF that knows one start, which stands still.
type processes struct {
	mu      sync.Mutex
	retried int
	given   string
}

const stuckStart = "webinar.start:0199aaaa-0000-7000-8000-000000000001.1.1"

func (p *processes) saga() *bffpb.Saga {
	s := &bffpb.Saga{
		Name: "webinar.start", Id: stuckStart, Status: "waiting", Step: "room", Attempt: 4, Reason: "no answer within 10s",
		BegunAt: ago(5 * time.Minute), ChangedAt: ago(time.Minute), WakesAt: ago(-time.Minute), Steps: []string{"status", "room", "announce"},
		WebinarTitle: "Sepsis: the first hours", WebinarSlug: "sepsis-first-hours",
	}
	if p.given != "" {
		s.Status, s.Attempt, s.Reason, s.WakesAt = "compensating", 0, p.given, nil
	}
	return s
}

func (p *processes) moments() []*bffpb.SagaMoment {
	m := []*bffpb.SagaMoment{
		{Kind: "begun", At: ago(5 * time.Minute)},
		{Kind: "done", Step: "status", At: ago(5 * time.Minute)},
		{Kind: "requested", Step: "room", Attempt: 1, At: ago(5 * time.Minute), AgainAt: ago(4 * time.Minute)},
		{Kind: "failed", Step: "room", Attempt: 1, Reason: "no answer within 10s", At: ago(4 * time.Minute), AgainAt: ago(3 * time.Minute)},
		{Kind: "requested", Step: "room", Attempt: 4, At: ago(time.Minute), AgainAt: ago(-time.Minute)},
	}
	if p.retried > 0 {
		m = append(m, &bffpb.SagaMoment{Kind: "hurried", By: "Nika Zgled", At: ago(0)})
	}
	if p.given != "" {
		m = append(m, &bffpb.SagaMoment{Kind: "failed", Step: "room", Final: true, By: "Nika Zgled", Reason: p.given, At: ago(0)})
	}
	return m
}

// Invoke answers what the pages of processes ask.
func (p *processes) Invoke(_ context.Context, method string, in, reply any, _ ...grpc.CallOption) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch q := in.(type) {
	case *bffpb.OperationsSagasRequest:
		answer := &bffpb.OperationsSagasResponse{}
		if !q.GetOver() {
			answer.Sagas = append(answer.Sagas, p.saga())
		}
		proto.Merge(reply.(proto.Message), answer)
	case *bffpb.OperationsSagaRequest:
		proto.Merge(reply.(proto.Message), &bffpb.OperationsSagaResponse{Saga: p.saga(), Moments: p.moments()})
	case *bffpb.OperationsRetrySagaRequest:
		p.retried++
	case *bffpb.OperationsCompensateSagaRequest:
		if q.GetReason() == "" {
			err := errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("reason", "saga.reason", "Say why.")
			return errs.ToStatus(err).Err()
		}
		p.given = q.GetReason()
	default:
		return status.Error(codes.Unavailable, method)
	}
	return nil
}

// NewStream has none.
func (*processes) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unavailable, "stream")
}

// TestProcess has an administrator find a start that stands still, see everything that happened, try again and give it up.
func TestProcess(t *testing.T) {
	t.Parallel()
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	signed, err := token.NewSigner(keys, time.Now).Sign(token.Claims{
		Account: uuid.New(), Session: uuid.New(), Roles: []string{token.Member, token.Administrator}, Language: "en", Zone: "Europe/Ljubljana",
		Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	p := chromium.New(t, pagesWith(t, token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now), &processes{}))
	p.Cookie("rounds_access", signed)
	p.Forgive("422")
	withoutRooms(p)
	p.Open("/backoffice")
	p.SeeText("main", "1 process needs a look")
	p.Click("main a[href='/backoffice/processes']")
	p.SeeText("[data-row]", "Open the room")
	p.SeeText("[data-row]", "4 attempts")
	looks(p, "processes")
	p.Press("Over")
	p.SeeText("main", "Nothing here")
	p.Press("Under way")
	p.Press("Start of a webinar")
	p.SeeText("[data-step=status]", "Done")
	p.SeeText("[data-step=room]", "Now")
	p.SeeText("[data-step=announce]", "Later")
	p.SeeText("[data-timeline]", "no answer within 10s")
	looks(p, "process")
	p.Press("Try again now")
	p.SeeText("[data-timeline]", "Tried again by Nika Zgled")
	p.Press("Give it up")
	p.Press("Undo everything")
	p.See("[data-error-summary]")
	p.Fill("#f-reason", "The lecturer is ill")
	looks(p, "process-give-up", look{390, false}, look{1440, false})
	p.Press("Undo everything")
	p.SeeText("[data-timeline]", "Given up by Nika Zgled")
	p.SeeText("[data-status=compensating]", "Is being undone")
	p.Gone("main details")
	p.Click("footer button[lang=sl]")
	p.SeeText("h1", "Začetek webinarja")
	looks(p, "process-sl", look{390, true})
}

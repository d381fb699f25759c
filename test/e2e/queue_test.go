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
	queuepb "github.com/rounds-cme/rounds/contract/queue/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// waitingRoom is a BFF that knows three queues: one with mails that cannot be sent, one whose broker is away, one whose service is.
type waitingRoom struct {
	mu       sync.Mutex
	replayed string // the reason
	aside    bool
}

const noMailbox = "gave up after 10 attempts: 550 5.1.1 <…@example.org>: no such mailbox"

func (w *waitingRoom) queue() *queuepb.Queue {
	q := &queuepb.Queue{
		Name: "notification.send", Ready: 1840, Delayed: 12, Taken: 128, Dead: 7, OldestSeconds: 95, PutRate: 620, DoneRate: 251.4, RetriedRate: 2.6,
		RedeliveredRate: 3.2,
	}
	if w.replayed != "" {
		q.Dead = 0
	}
	if w.aside {
		q.Ready, q.Delayed, q.Dead = 0, 0, q.Dead+1852
	}
	return q
}

func (w *waitingRoom) message(state string) *queuepb.QueueMessage {
	m := &queuepb.QueueMessage{
		Id: "0199aaaa-0000-7000-8000-000000000042", Kind: "Notification", State: state, Priority: 5, PutAt: ago(10 * time.Minute), ExpiresAt: ago(-time.Hour),
		Fields: []*queuepb.QueueField{
			{Name: "account_id", Value: "0199aaaa-0000-7000-8000-000000000007"},
			{Name: "channel", Value: "CHANNEL_EMAIL"},
			{Name: "kind", Value: "webinar.reminder"},
			{Name: "address", Hidden: true},
			{Name: "data", Hidden: true},
		},
	}
	if state == "dead" {
		m.Attempts, m.Reason, m.DiedAt = 10, noMailbox, ago(time.Minute)
	}
	return m
}

func (w *waitingRoom) page() *bffpb.OperationsQueueResponse {
	one, seven := int64(1), int64(7)
	page := &bffpb.OperationsQueueResponse{
		Queue: w.queue(), Operations: []*queuepb.QueueOperation{{What: "discard", Actor: "command line (ops)", Which: "no route", Count: &one, At: ago(time.Hour)}},
	}
	if w.replayed == "" {
		page.Reasons = []*queuepb.QueueReason{{Text: noMailbox, Count: 6, LastAt: ago(time.Minute)}, {Text: "context deadline exceeded", Count: 1, LastAt: ago(time.Hour)}}
		page.Dead = []*queuepb.QueueMessage{w.message("dead")}
	} else {
		page.Operations = append(page.Operations, &queuepb.QueueOperation{What: "replay", Actor: "Nika Zgled", Which: w.replayed, Count: &seven, At: ago(0)})
	}
	if w.aside {
		page.Reasons = []*queuepb.QueueReason{{Text: "set aside by hand", Count: 1852, LastAt: ago(0)}}
	} else {
		page.Waiting = []*queuepb.QueueMessage{w.message("ready"), w.message("delayed")}
	}
	return page
}

// Invoke answers what the pages of queues ask.
func (w *waitingRoom) Invoke(_ context.Context, method string, in, reply any, _ ...grpc.CallOption) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer := reply.(proto.Message)
	switch q := in.(type) {
	case *bffpb.OperationsQueuesRequest:
		proto.Merge(answer, &bffpb.OperationsQueuesResponse{Queues: []*queuepb.Queue{
			w.queue(), {Name: "notification.task", Ready: 3, OldestSeconds: 9000, Problem: "broker"}, {Name: "activity", Problem: "service"},
		}})
	case *bffpb.OperationsQueueRequest:
		proto.Merge(answer, w.page())
	case *bffpb.OperationsReplayQueueRequest:
		if q.GetReason() == "set aside by hand" {
			w.aside = false
			proto.Merge(answer, &bffpb.OperationsReplayQueueResponse{Count: 1852})
			return nil
		}
		w.replayed = q.GetReason()
		proto.Merge(answer, &bffpb.OperationsReplayQueueResponse{Count: 7})
	case *bffpb.OperationsSetAsideQueueRequest:
		w.aside = true
		proto.Merge(answer, &bffpb.OperationsSetAsideQueueResponse{Count: 1852})
	default:
		return status.Error(codes.Unavailable, method)
	}
	return nil
}

// NewStream has none.
func (*waitingRoom) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unavailable, "stream")
}

// TestQueues has an administrator see what could not be done and why, put it back, lay aside what waits, and undo that.
func TestQueues(t *testing.T) {
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
	p := chromium.New(t, pagesWith(t, token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now), &waitingRoom{}))
	p.Cookie("rounds_access", signed)
	withoutRooms(p)
	p.Open("/backoffice")
	p.SeeText("main", "7 messages could not be done")
	p.Click("main a[href='/backoffice/queues']")
	p.SeeText("[data-row='notification.send']", "E-mail and push messages")
	p.SeeText("[data-row='notification.task']", "The broker does not answer")
	p.SeeText("[data-row='activity']", "Nothing is lost")
	looks(p, "queues", look{390, false}, look{1440, false}, look{390, true}, look{1440, true})
	p.Press("E-mail and push messages")
	p.SeeText("[data-reasons]", "no such mailbox")
	p.SeeText("[data-waiting]", "not shown")
	looks(p, "queue", look{390, false}, look{1440, false}, look{390, true}, look{1440, true})
	p.Press("Put back to work")
	p.SeeText("body", "Messages put back to work: 7")
	p.SeeText("[data-operations]", "Nika Zgled put 7 messages back")
	p.SeeText("main", "Nothing lies aside")
	p.Press("Lay aside all that waits")
	p.Press("Lay it aside")
	p.SeeText("[data-reasons]", "Laid aside by hand")
	p.Press("Undo")
	p.SeeText("[data-waiting]", "webinar.reminder")
	p.Click("footer button[lang=sl]")
	p.SeeText("h1", "E-pošta in potisna sporočila")
	looks(p, "queue-sl", look{390, false})
}

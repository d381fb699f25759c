package bff_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// listener is data management that hears of activities, or is away.
type listener struct {
	mu    sync.Mutex
	away  bool
	asked int
	heard []*datamanagementpb.Done
}

// Invoke implements grpc.ClientConnInterface.
func (l *listener) Invoke(_ context.Context, _ string, q, _ any, _ ...grpc.CallOption) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.away {
		return errs.New(errs.Unavailable, "rpc.unavailable", "This part is not there.")
	}
	for _, one := range q.(*datamanagementpb.ReportActivitiesRequest).GetDone() {
		l.heard = append(l.heard, proto.Clone(one).(*datamanagementpb.Done))
	}
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (l *listener) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errs.New(errs.Unavailable, "rpc.unavailable", "Data management streams nothing.")
}

// library is the bff over one article, with its work at hand.
type library struct {
	bffpb.ContentServer

	t       *testing.T
	work    []run.Work
	metrics *prometheus.Registry
}

func open(t *testing.T, l *listener) *library {
	t.Helper()
	database := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	metrics := prometheus.NewRegistry()
	service, err := bff.New(&run.Deps{
		Name: "bff", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: metrics, DB: database.Pool("bff"),
		BaseURL: "http://localhost", Dial: func(string) grpc.ClientConnInterface { return l },
	}, bff.Config{})
	if err != nil {
		t.Fatal(err)
	}
	category, author := uuid.New(), uuid.New()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ('%s', 'heart', 'Heart', 'Srce')`, category),
		fmt.Sprintf(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
			consent_version, consent_at, created_at, updated_at) VALUES ('%s', 'a@rounds.example', '', 'A', 'physician', '1', 'SI', 'en', 'UTC',
			'approved', '1', now(), now(), now())`, author),
		fmt.Sprintf(`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md, body_html, minutes,
			state, created_at, updated_at, published_at) VALUES ('%s', 'pressure', 'news', 'en', '%s', '%s', 'Blood pressure', 'S', 'B', 'B', 1,
			'published', now(), now(), now())`, uuid.New(), category, author),
	} {
		if _, err := database.Admin().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range service.RPC {
		if impl, ok := r.Impl.(bffpb.ContentServer); ok {
			return &library{impl, t, service.Work, metrics}
		}
	}
	t.Fatal("the bff does not serve content")
	return nil
}

// start runs the work until stop, which returns when it has ended.
func (l *library) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	for _, one := range l.work {
		work.Go(func() { _ = one.Run(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); work.Wait() })
	l.t.Cleanup(stop)
	return stop
}

func (l *library) read(who context.Context) {
	l.t.Helper()
	if _, err := l.Article(who, &bffpb.ArticleRequest{Slug: "pressure"}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) search(who context.Context) {
	l.t.Helper()
	if _, err := l.Articles(who, &bffpb.ArticlesRequest{Query: "my rare disease"}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) dropped(why string) float64 {
	l.t.Helper()
	families, err := l.metrics.Gather()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "rounds_bff_activity_dropped_total" && m.GetLabel()[0].GetValue() == why {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func as(t *testing.T, roles ...string) context.Context {
	return token.With(t.Context(), token.Claims{Account: uuid.New(), Roles: roles})
}

// A member's reading and search are told; a visitor and an applicant, who read no article, are not, and what was searched never is.
func TestReadingIsTold(t *testing.T) {
	t.Parallel()
	l := &listener{}
	b := open(t, l)
	member := as(t, token.Member)
	for range 3 {
		b.read(member)
	}
	b.search(member)
	b.read(as(t, token.Applicant))
	b.read(t.Context())
	b.search(t.Context())
	b.start()() // what is noted is still told when the service stops
	if len(l.heard) != 2 {
		t.Fatalf("heard %v", l.heard)
	}
	who, _ := token.From(member)
	for i, kind := range []eventpb.ActivityKind{eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_SEARCHED} {
		if one := l.heard[i]; one.GetKind() != kind || one.GetAccountId() != who.Account.String() || strings.Contains(one.String(), "rare") {
			t.Errorf("heard %v", one)
		}
	}
}

// While data management is away pages come as ever; what was noted is told when it is back, what did not fit in is counted.
func TestReadingNeverWaits(t *testing.T) {
	t.Parallel()
	l := &listener{away: true}
	b := open(t, l)
	b.start()
	b.read(as(t, token.Member))
	until(t, "a report", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.asked > 0 })
	searching := as(t, token.Member)
	for b.dropped("full") == 0 {
		b.search(searching)
	}
	l.mu.Lock()
	l.away = false
	l.mu.Unlock()
	until(t, "everything that fitted in", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.heard) == 1+4096 })
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

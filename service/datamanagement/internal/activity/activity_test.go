package activity_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type world struct {
	datamanagementpb.ActivitiesServer

	t  *testing.T
	db *dbtest.DB
}

func newWorld(t *testing.T) *world {
	t.Helper()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	s := activity.Serve(&run.Deps{DB: base.Pool("datamanagement")}, activity.New("key"))
	return &world{s.RPC[0].Impl.(datamanagementpb.ActivitiesServer), t, base} //nolint:forcetypeassert // it is what it registers
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Admin().Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person() uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, state,
		consent_version, consent_at, created_at, updated_at) VALUES ($1, $2, 'x', 'Ana Novak', 'physician', 'X1', 'SI', 'en',
		'Europe/Ljubljana', 'approved', '1', now(), now(), now())`, id, id.String()+"@rounds.example")
	return id
}

// article stands in category heart.
func (w *world) article(author uuid.UUID) uuid.UUID {
	w.t.Helper()
	id, category := uuid.New(), uuid.New()
	w.exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, category)
	w.exec(`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md, body_html, minutes,
		state, created_at, updated_at, published_at) VALUES ($1, 'a', 'news', 'en', $2, $3, 'A', 'S', 'B', 'B', 1, 'published', now(), now(), now())`,
		id, category, author)
	return id
}

func (w *world) told() []*eventpb.Activity {
	w.t.Helper()
	rows, err := w.db.Admin().Query(w.t.Context(), "SELECT payload FROM queue.message WHERE queue = 'activity' ORDER BY seq")
	if err != nil {
		w.t.Fatal(err)
	}
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		w.t.Fatal(err)
	}
	var all []*eventpb.Activity
	for _, payload := range payloads {
		a := &eventpb.Activity{}
		if err := proto.Unmarshal(payload, a); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func read(account, article uuid.UUID, at time.Time) *datamanagementpb.Done {
	return &datamanagementpb.Done{
		Kind: eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, AccountId: account.String(), ArticleId: article.String(), At: timestamppb.New(at),
	}
}

// What is told again, in one report or in another, is there once; whose it was cannot be read from it.
func TestReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.person()
	article := w.article(ana)
	searched := &datamanagementpb.Done{
		Kind: eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_SEARCHED, AccountId: ana.String(), At: timestamppb.New(noon.Add(time.Minute)),
	}
	report := []*datamanagementpb.Done{
		read(ana, article, noon), read(ana, article, noon.Add(time.Hour)), read(uuid.New(), article, noon), searched,
		read(ana, article, noon.AddDate(0, 0, 1)),
	}
	for range 2 {
		if _, err := w.ReportActivities(t.Context(), &datamanagementpb.ReportActivitiesRequest{Done: report}); err != nil {
			t.Fatal(err)
		}
	}
	told := w.told()
	if len(told) != 3 {
		t.Fatalf("told %d times: %v", len(told), told)
	}
	first := told[0]
	if first.GetPseudonym() != pseudonym.New("key").Of(ana) || first.GetArticleId() != article.String() || first.GetCategory() != "heart" ||
		first.GetProfession() != "physician" || first.GetCountry() != "SI" || !first.GetAt().AsTime().Equal(noon) {
		t.Errorf("told %v", first)
	}
	for _, a := range told {
		if text := a.String(); strings.Contains(text, ana.String()) || strings.Contains(text, "Ana") || strings.Contains(text, "@") {
			t.Errorf("it says who it was: %s", text)
		}
	}
}

func TestReportsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := read(uuid.New(), uuid.New(), noon)
	for name, spoil := range map[string]func(*datamanagementpb.Done){
		"no kind":          func(d *datamanagementpb.Done) { d.Kind = 0 },
		"told by effect":   func(d *datamanagementpb.Done) { d.Kind = eventpb.ActivityKind_ACTIVITY_KIND_POINTS_BOOKED },
		"nobody":           func(d *datamanagementpb.Done) { d.AccountId = "me" },
		"no article":       func(d *datamanagementpb.Done) { d.ArticleId = "" },
		"at no time":       func(d *datamanagementpb.Done) { d.At = nil },
		"at no valid time": func(d *datamanagementpb.Done) { d.At = &timestamppb.Timestamp{Nanos: -1} },
	} {
		one, _ := proto.Clone(whole).(*datamanagementpb.Done)
		spoil(one)
		if _, err := w.ReportActivities(t.Context(), &datamanagementpb.ReportActivitiesRequest{Done: []*datamanagementpb.Done{one}}); !errs.HasCode(err, "activity.wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, many := range []int{0, 501} {
		q := &datamanagementpb.ReportActivitiesRequest{Done: slices.Repeat([]*datamanagementpb.Done{whole}, many)}
		if _, err := w.ReportActivities(t.Context(), q); !errs.HasCode(err, "activity.many") {
			t.Errorf("%d: %v", many, err)
		}
	}
}

// What was undone was not done.
func TestTellingIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, tell, undone := w.person(), activity.New("key"), errors.New("undone")
	do := func(at time.Time, end error) error {
		return db.Tx(t.Context(), w.db.Pool("datamanagement"), func(tx pgx.Tx) error {
			return errors.Join(tell.Tell(context.Background(), tx, activity.Doing{
				Kind: eventpb.ActivityKind_ACTIVITY_KIND_SUBSCRIBED, Account: ana, At: at,
			}), end)
		})
	}
	if err := do(noon, undone); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := errors.Join(do(noon.Add(time.Second), nil), do(noon.Add(time.Second), nil), do(noon.Add(time.Minute), nil)); err != nil {
		t.Fatal(err)
	}
	if told := w.told(); len(told) != 2 || !told[0].GetAt().AsTime().Equal(noon.Add(time.Second)) {
		t.Errorf("told %v", told)
	}
}

package content_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/activity"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/content"
)

type desk struct {
	datamanagementpb.ContentServer

	t   *testing.T
	db  *dbtest.DB
	now time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema())
	pool, log := base.Pool("datamanagement"), slog.New(slog.DiscardHandler)
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	d := &desk{t: t, db: base, now: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)}
	s := content.New(&run.Deps{
		Name: "datamanagement", Now: func() time.Time { return d.now }, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, DB: pool,
		Events: eventlog.New(pool, log, prometheus.NewRegistry(), types), Log: log,
	}, activity.New("test"))
	d.ContentServer = s.RPC[0].Impl.(datamanagementpb.ContentServer) //nolint:forcetypeassert // it is what it registers
	return d
}

func (d *desk) person(name string) context.Context {
	d.t.Helper()
	id := uuid.New()
	_, err := d.db.Admin().Exec(d.t.Context(), `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number,
		country, language, zone, state, consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, 'x', $3, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', 'approved', '1', now(), now(), now())`,
		id, id.String()+"@example.org", name)
	if err != nil {
		d.t.Fatal(err)
	}
	return token.With(d.t.Context(), token.Claims{Account: id})
}

func (d *desk) count(sql string, args ...any) int {
	d.t.Helper()
	var n int
	if err := d.db.Admin().QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func must[T any](t *testing.T) func(T, error) T {
	return func(answer T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil {
		t.Errorf("want %s, got no error", code)
		return
	}
	e := errs.Of(err)
	if e.Code == code {
		return
	}
	for _, f := range e.Fields {
		if f.Code == code {
			return
		}
	}
	t.Errorf("want %s, got %v with %v", code, e, e.Fields)
}

func id() string { return uuid.NewString() }

// draft saves an article in a category of its own.
func (d *desk) draft(editor context.Context) (*datamanagementpb.SaveArticleRequest, *datamanagementpb.SaveArticleResponse) {
	d.t.Helper()
	c := must[*datamanagementpb.SaveCategoryResponse](d.t)(d.SaveCategory(editor, &datamanagementpb.SaveCategoryRequest{
		RequestId: id(), NameEn: "Žile & Heart", NameSl: "Srce in žile",
	}))
	q := &datamanagementpb.SaveArticleRequest{
		RequestId: id(), Kind: "research", Language: "en", CategoryId: c.GetId(), Title: "Blood  pressure: what counts", Summary: "In short.",
		Body: "# Aim\n\n<script>alert(1)</script>\n\n**below 130**[^1] [x](javascript:alert(1))\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: SPRINT, 2015.",
	}
	return q, must[*datamanagementpb.SaveArticleResponse](d.t)(d.SaveArticle(editor, q))
}

func TestArticle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor := d.person("Editor")
	q, saved := d.draft(editor)
	if saved.GetSlug() != "blood-pressure-what-counts" || saved.GetVersion() != 1 {
		t.Errorf("saved as %v", saved)
	}
	if again := must[*datamanagementpb.SaveArticleResponse](t)(d.SaveArticle(editor, q)); again.GetId() != saved.GetId() {
		t.Error("the same request made another article")
	}
	var html string
	if err := d.db.Admin().QueryRow(t.Context(), `SELECT body_html FROM datamanagement.article`).Scan(&html); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<table>", "<strong>below 130</strong>", `id="fn:1"`, "SPRINT"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	for _, bad := range []string{"<script", "javascript:"} {
		if strings.Contains(html, bad) {
			t.Errorf("%s in %s", bad, html)
		}
	}

	q.Id, q.Version, q.RequestId, q.Title = saved.GetId(), 1, id(), "Changed"
	second := must[*datamanagementpb.SaveArticleResponse](t)(d.SaveArticle(editor, q))
	if second.GetVersion() != 2 || second.GetSlug() != saved.GetSlug() {
		t.Errorf("changed to %v", second)
	}
	q.RequestId = id()
	_, err := d.SaveArticle(editor, q)
	refused(t, err, "article.version")

	for range 2 { // the second changes nothing
		must[*datamanagementpb.PublishArticleResponse](t)(d.PublishArticle(editor, &datamanagementpb.PublishArticleRequest{RequestId: id(), Id: saved.GetId()}))
	}
	must[*datamanagementpb.UnpublishArticleResponse](t)(d.UnpublishArticle(editor, &datamanagementpb.UnpublishArticleRequest{RequestId: id(), Id: saved.GetId()}))
	must[*datamanagementpb.PublishArticleResponse](t)(d.PublishArticle(editor, &datamanagementpb.PublishArticleRequest{RequestId: id(), Id: saved.GetId()}))
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'article.published'`); n != 2 {
		t.Errorf("published %d times", n)
	}
	if n := d.count(`SELECT count(*) FROM eventlog.event WHERE type = 'article.published' AND (payload->>'first')::boolean`); n != 1 {
		t.Errorf("%d times for the first time", n)
	}
}

func TestWrongArticle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor := d.person("Editor")
	good, _ := d.draft(editor)
	for code, change := range map[string]func(*datamanagementpb.SaveArticleRequest){
		"content.empty":      func(q *datamanagementpb.SaveArticleRequest) { q.Title = " \u0000 " },
		"content.too_long":   func(q *datamanagementpb.SaveArticleRequest) { q.Summary = strings.Repeat("č", 601) },
		"content.choice":     func(q *datamanagementpb.SaveArticleRequest) { q.CategoryId = "nonsense" },
		"content.slug":       func(q *datamanagementpb.SaveArticleRequest) { q.Slug = "../x" },
		"content.slug_taken": func(q *datamanagementpb.SaveArticleRequest) { q.Slug = "blood-pressure-what-counts" },
		"content.none":       func(q *datamanagementpb.SaveArticleRequest) { q.Id = id() },
		"command.request_id": func(q *datamanagementpb.SaveArticleRequest) { q.RequestId = "" },
	} {
		q := &datamanagementpb.SaveArticleRequest{
			RequestId: id(), Kind: good.GetKind(), Language: good.GetLanguage(), CategoryId: good.GetCategoryId(), Title: "T", Summary: "S", Body: "B",
		}
		change(q)
		_, err := d.SaveArticle(editor, q)
		refused(t, err, code)
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor, ana, bor := d.person("Editor"), d.person("Ana"), d.person("Bor")
	_, saved := d.draft(editor)
	add := &datamanagementpb.AddCommentRequest{RequestId: id(), ArticleId: saved.GetId(), Body: "First\r\n\r\nline"}
	_, err := d.AddComment(ana, add)
	refused(t, err, "content.none") // a draft is nobody's to discuss
	must[*datamanagementpb.PublishArticleResponse](t)(d.PublishArticle(editor, &datamanagementpb.PublishArticleRequest{RequestId: id(), Id: saved.GetId()}))

	first := must[*datamanagementpb.AddCommentResponse](t)(d.AddComment(ana, add))
	if twice := must[*datamanagementpb.AddCommentResponse](t)(d.AddComment(ana, add)); twice.GetId() != first.GetId() {
		t.Error("a double click made two comments")
	}
	reply := must[*datamanagementpb.AddCommentResponse](t)(d.AddComment(bor, &datamanagementpb.AddCommentRequest{RequestId: id(), ArticleId: saved.GetId(), ParentId: first.GetId(), Body: "Second"}))
	must[*datamanagementpb.AddCommentResponse](t)(d.AddComment(ana, &datamanagementpb.AddCommentRequest{RequestId: id(), ArticleId: saved.GetId(), ParentId: reply.GetId(), Body: "Third"}))
	if n := d.count(`SELECT count(*) FROM datamanagement.comment WHERE thread_id = $1`, first.GetId()); n != 2 {
		t.Errorf("%d replies in the thread", n)
	}

	if n := d.count(`SELECT count(*) FROM queue.message WHERE queue = 'activity'`); n != 3 {
		t.Errorf("the statistics hear of %d comments, want 3", n)
	}

	_, err = d.EditComment(bor, &datamanagementpb.EditCommentRequest{RequestId: id(), Id: first.GetId(), Body: "Mine now"})
	refused(t, err, "comment.foreign")
	must[*datamanagementpb.EditCommentResponse](t)(d.EditComment(ana, &datamanagementpb.EditCommentRequest{RequestId: id(), Id: first.GetId(), Body: "Better"}))
	d.now = d.now.Add(10*time.Minute + time.Second)
	_, err = d.EditComment(ana, &datamanagementpb.EditCommentRequest{RequestId: id(), Id: first.GetId(), Body: "Too late"})
	refused(t, err, "comment.late")

	_, err = d.ReportComment(ana, &datamanagementpb.ReportCommentRequest{RequestId: id(), Id: first.GetId(), Reason: "Own"})
	refused(t, err, "comment.own")
	for range 2 {
		must[*datamanagementpb.ReportCommentResponse](t)(d.ReportComment(bor, &datamanagementpb.ReportCommentRequest{RequestId: id(), Id: first.GetId(), Reason: "Names a patient"}))
	}
	if n := d.count(`SELECT count(*) FROM datamanagement.comment_report WHERE settled_at IS NULL`); n != 1 {
		t.Errorf("%d reports wait", n)
	}
	must[*datamanagementpb.HideCommentResponse](t)(d.HideComment(editor, &datamanagementpb.HideCommentRequest{RequestId: id(), Id: first.GetId(), Reason: "A patient can be recognised."}))
	if n := d.count(`SELECT count(*) FROM datamanagement.comment_report WHERE settled_at IS NULL`); n != 0 {
		t.Errorf("%d reports wait after hiding", n)
	}
	_, err = d.AddComment(bor, &datamanagementpb.AddCommentRequest{RequestId: id(), ArticleId: saved.GetId(), ParentId: first.GetId(), Body: "To a hidden one"})
	refused(t, err, "content.none")
}

// TestReplies lets nobody fill the mailbox of somebody with answers; what answers nobody writes to nobody.
func TestReplies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor, ana, bor := d.person("Editor"), d.person("Ana"), d.person("Bor")
	_, saved := d.draft(editor)
	must[*datamanagementpb.PublishArticleResponse](t)(d.PublishArticle(editor, &datamanagementpb.PublishArticleRequest{RequestId: id(), Id: saved.GetId()}))
	say := func(who context.Context, parent string) (*datamanagementpb.AddCommentResponse, error) {
		return d.AddComment(who, &datamanagementpb.AddCommentRequest{RequestId: id(), ArticleId: saved.GetId(), ParentId: parent, Body: "So"})
	}
	first := must[*datamanagementpb.AddCommentResponse](t)(say(ana, ""))
	for range 10 {
		must[*datamanagementpb.AddCommentResponse](t)(say(bor, first.GetId()))
	}
	_, err := say(bor, first.GetId())
	refused(t, err, "comment.replies")
	must[*datamanagementpb.AddCommentResponse](t)(say(bor, ""))
	must[*datamanagementpb.AddCommentResponse](t)(say(ana, first.GetId()))
	d.now = d.now.Add(10*time.Minute + time.Second)
	must[*datamanagementpb.AddCommentResponse](t)(say(bor, first.GetId()))
}

func TestLecturer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor := d.person("Editor")
	made := must[*datamanagementpb.SaveLecturerResponse](t)(d.SaveLecturer(editor, &datamanagementpb.SaveLecturerRequest{RequestId: id(), Name: "Živa Čuk", Bio: "Cardiologist."}))
	if made.GetSlug() != "ziva-cuk" {
		t.Errorf("slug %s", made.GetSlug())
	}
	other := must[*datamanagementpb.SaveLecturerResponse](t)(d.SaveLecturer(editor, &datamanagementpb.SaveLecturerRequest{RequestId: id(), Name: "Živa Čuk"}))
	if other.GetSlug() == made.GetSlug() || !strings.HasPrefix(other.GetSlug(), "ziva-cuk-") {
		t.Errorf("slug %s", other.GetSlug())
	}
	must[*datamanagementpb.SaveLecturerResponse](t)(d.SaveLecturer(editor, &datamanagementpb.SaveLecturerRequest{RequestId: id(), Id: made.GetId(), Name: "Živa Čuk Novak"}))
	_, err := d.SaveLecturer(editor, &datamanagementpb.SaveLecturerRequest{RequestId: id(), Name: "X", AccountId: id()})
	refused(t, err, "content.account")
	_, err = d.SaveLecturer(t.Context(), &datamanagementpb.SaveLecturerRequest{RequestId: id(), Name: "X"})
	refused(t, err, "auth.required")
}

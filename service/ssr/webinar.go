package ssr

import (
	"context"
	"mime"
	"net/http"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/calendar"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/article"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// A block of a page waits no longer than this for its source; then it says that it is missing, and the rest stands.
const blockPatience = 2 * time.Second

const (
	onLanding  = 2 // webinars to come, beside the words for whom Rounds is
	onHome     = 4
	onSubject  = 10
	onArticles = 4
)

// block asks for one list of webinars. Only a question that can never be answered is an error.
func (s *server) block(ctx context.Context, q *bffpb.WebinarsRequest) (webinar.Block, error) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.webinars.Webinars(ctx, q)
	if err != nil {
		if errs.KindOf(err) == errs.Invalid {
			return webinar.Block{}, errs.FromStatus(err)
		}
		obs.Event(ctx).Set("webinars_missing", err.Error())
		return webinar.Block{Missing: true}, nil
	}
	return webinar.Block{Cards: answer.GetWebinars(), Next: answer.GetNextPageToken()}, nil
}

// newest asks for the newest articles, of a category or of all.
func (s *server) newest(ctx context.Context, category string) (articles []*bffpb.ArticleCard, missing bool) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.content.Articles(ctx, &bffpb.ArticlesRequest{Category: category, PageSize: onArticles})
	if err != nil {
		obs.Event(ctx).Set("articles_missing", err.Error())
		return nil, true
	}
	return answer.GetArticles(), false
}

// webinarList lists what is live, to come or past.
func (s *server) webinarList(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	view := webinar.ListView{
		When: q.Get("when"), Category: q.Get("category"), Lecturer: q.Get("lecturer"), Followed: q.Get("followed") != "" && reader.From(r.Context()).LoggedIn,
		Later: q.Get("page") != "",
	}
	if view.When != webinar.Live && view.When != webinar.Past {
		view.When = webinar.Upcoming
	}
	ask := func(when, page string) *bffpb.WebinarsRequest {
		return &bffpb.WebinarsRequest{When: when, Category: view.Category, Lecturer: view.Lecturer, Followed: view.Followed, PageToken: page}
	}
	var err, errLive error
	all(
		func() { view.List, err = s.block(r.Context(), ask(view.When, q.Get("page"))) },
		func() {
			if view.When == webinar.Upcoming && !view.Later {
				view.Live, errLive = s.block(r.Context(), ask(webinar.Live, ""))
			}
		},
		func() { view.Categories, view.Lecturers = s.filters(r.Context()) },
	)
	if err != nil {
		return err
	}
	if errLive != nil {
		return errLive
	}
	return s.show(w, r, http.StatusOK, webinar.List(view))
}

// filters are what one can filter by; without them the list stands.
func (s *server) filters(ctx context.Context) (categories []*bffpb.Category, lecturers []*bffpb.Lecturer) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	var c *bffpb.CategoriesResponse
	var l *bffpb.LecturersResponse
	var errC, errL error
	all(
		func() { c, errC = s.content.Categories(ctx, &bffpb.CategoriesRequest{}) },
		func() { l, errL = s.content.Lecturers(ctx, &bffpb.LecturersRequest{}) },
	)
	if errC != nil || errL != nil {
		obs.Event(ctx).Set("filters_missing", true)
	}
	return c.GetCategories(), l.GetLecturers()
}

// webinar is one webinar.
func (s *server) webinar(w http.ResponseWriter, r *http.Request) error {
	found, err := s.webinars.Webinar(r.Context(), &bffpb.WebinarRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return errs.FromStatus(err)
	}
	c := found.GetCard()
	next := webinar.Path(c.GetSlug())
	return s.show(w, r, http.StatusOK, webinar.Page(webinar.View{
		Webinar: found,
		Follow: webinar.Button{
			Form: s.key(), Kind: webinar.ToWebinar, ID: c.GetId(), Name: c.GetTitle(), On: c.GetSubscribed(), Next: next,
			Primary: c.GetState() == webinar.Planned,
		},
		Category: webinar.Button{
			Form: s.key(), Kind: webinar.ToCategory, ID: c.GetCategory().GetId(), Name: article.Category(r.Context(), c.GetCategory()),
			On: found.GetFollowsCategory(), Next: next,
		},
		Lecturer: webinar.Button{
			Form: s.key(), Kind: webinar.ToLecturer, ID: c.GetLecturer().GetId(), Name: c.GetLecturer().GetName(),
			On: found.GetFollowsLecturer(), Next: next,
		},
	}))
}

// webinarCalendar is a webinar as a file for one's own calendar.
func (s *server) webinarCalendar(w http.ResponseWriter, r *http.Request) error {
	found, err := s.webinars.Webinar(r.Context(), &bffpb.WebinarRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return errs.FromStatus(err)
	}
	c := found.GetCard()
	start := c.GetStartsAt().AsTime()
	zone, err := time.LoadLocation(c.GetZone())
	if err != nil {
		zone = time.UTC // A zone that was renamed since: the moment stays the same.
	}
	h := w.Header()
	h.Set("Content-Type", calendar.Publish.ContentType())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.GetSlug() + ".ics"}))
	h.Set("Cache-Control", "no-cache")
	_, err = w.Write(calendar.File(calendar.Event{
		UID: c.GetId() + "@rounds", Sequence: c.GetSequence(), Made: s.now(), Start: start, Zone: zone,
		End: start.Add(time.Duration(c.GetMinutes()) * time.Minute), Summary: c.GetTitle(), Description: c.GetLecturer().GetName(),
		URL: s.base + webinar.Path(c.GetSlug()), Cancelled: c.GetState() == webinar.Cancelled,
	}))
	if err != nil {
		obs.Event(r.Context()).Set("gone", true) // the reader has left
	}
	return nil
}

// lecturer is a lecturer with their webinars.
func (s *server) lecturer(w http.ResponseWriter, r *http.Request) error {
	found, err := s.webinars.Lecturer(r.Context(), &bffpb.LecturerRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return errs.FromStatus(err)
	}
	l := found.GetLecturer()
	return s.subject(w, r, webinar.SubjectView{Lecturer: l, Follow: webinar.Button{
		Form: s.key(), Kind: webinar.ToLecturer, ID: l.GetId(), Name: l.GetName(), On: found.GetFollowed(), Next: r.URL.Path, Primary: true,
	}})
}

// category is a category with its webinars and articles.
func (s *server) category(w http.ResponseWriter, r *http.Request) error {
	found, err := s.webinars.Category(r.Context(), &bffpb.CategoryRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return errs.FromStatus(err)
	}
	c := found.GetCategory()
	return s.subject(w, r, webinar.SubjectView{Category: c, Follow: webinar.Button{
		Form: s.key(), Kind: webinar.ToCategory, ID: c.GetId(), Name: article.Category(r.Context(), c), On: found.GetFollowed(),
		Next: r.URL.Path, Primary: true,
	}})
}

// subject fills in what belongs to a lecturer or a category.
func (s *server) subject(w http.ResponseWriter, r *http.Request, view webinar.SubjectView) error {
	ask := func(when string) webinar.Block {
		b, err := s.block(r.Context(), &bffpb.WebinarsRequest{
			When: when, Category: view.Category.GetSlug(), Lecturer: view.Lecturer.GetSlug(), PageSize: onSubject,
		})
		b.Missing = b.Missing || err != nil
		return b
	}
	all(
		func() { view.Live = ask(webinar.Live) },
		func() { view.Upcoming = ask(webinar.Upcoming) },
		func() { view.Past = ask(webinar.Past) },
		func() {
			if view.Category != nil {
				view.Articles, view.ArticlesMissing = s.newest(r.Context(), view.Category.GetSlug())
			}
		},
	)
	return s.show(w, r, http.StatusOK, webinar.Subject(view))
}

// key makes forms, each with an idempotency key of its own: one page has many buttons, and each is a wish of its own.
func (s *server) key() form.Form { return form.New(s.newID()) }

package ssr

import (
	"context"
	"net/http"
	"strconv"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/page/desk"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

const articleBody = 1 << 20 // 200,000 letters, as a browser sends them

func (s *server) manuscripts(w http.ResponseWriter, r *http.Request) error {
	list, err := s.content.Manuscripts(r.Context(), &bffpb.ManuscriptsRequest{PageToken: r.URL.Query().Get("page")})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, desk.Manuscripts(list))
}

// editor shows the form for a new article, or for one that is there.
func (s *server) editor(w http.ResponseWriter, r *http.Request) error {
	view, err := s.editorView(r)
	if err != nil {
		return err
	}
	view.Form = form.New(s.newID()).Set("kind", "research").Set("language", reader.From(r.Context()).Language)
	if m := view.Theirs; m != nil {
		view.Form = view.Form.Set("title", m.GetCard().GetTitle()).Set("summary", m.GetSummary()).Set("category_id", m.GetCard().GetCategory().GetId()).
			Set("kind", m.GetCard().GetKind()).Set("language", m.GetLanguage()).Set("body", m.GetBody()).Set("byline", m.GetByline()).
			Set("disclosure", m.GetDisclosure()).Set("version", strconv.Itoa(int(m.GetCard().GetVersion())))
		view.Theirs = nil
	}
	return s.show(w, r, http.StatusOK, desk.Editor(view))
}

func (s *server) editorView(r *http.Request) (desk.EditorView, error) {
	view := desk.EditorView{ID: r.PathValue("id")}
	categories, err := s.content.Categories(r.Context(), &bffpb.CategoriesRequest{})
	if err != nil {
		return view, errs.FromStatus(err)
	}
	view.Categories = categories.GetCategories()
	if view.ID == "" {
		return view, nil
	}
	view.Theirs, err = s.content.Manuscript(r.Context(), &bffpb.ManuscriptRequest{Id: view.ID})
	if err != nil {
		return view, errs.FromStatus(err)
	}
	view.Slug, view.State = view.Theirs.GetCard().GetSlug(), view.Theirs.GetCard().GetState()
	return view, nil
}

// postArticle saves what was written, and publishes or takes back when that button was pressed. A preview saves nothing.
func (s *server) postArticle(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	view, err := s.editorView(r)
	if err != nil {
		return err
	}
	view.Form = f
	if f.Get("do") == "preview" {
		view.Theirs = nil
		preview, err := s.content.Preview(r.Context(), &bffpb.PreviewRequest{Body: f.Get("body")})
		if err != nil {
			view.Form = f.Fail(errs.FromStatus(err))
		}
		view.Preview = preview.GetHtml()
		return s.show(w, r, view.Form.Status(), desk.Editor(view))
	}
	id, err := s.saveArticle(r.Context(), view.ID, f)
	if err != nil {
		failed := errs.FromStatus(err)
		if !errs.HasCode(failed, "article.version") {
			view.Theirs = nil
		} else if view.Theirs != nil { // the next save is of what was shown beside it
			view.Form = f.Set("version", strconv.Itoa(int(view.Theirs.GetCard().GetVersion())))
			view.Form.Key = s.newID()
		}
		view.Form = view.Form.Fail(failed)
		return s.show(w, r, view.Form.Status(), desk.Editor(view))
	}
	reader.Tell(w, reader.Notice{Key: "desk.saved"})
	http.Redirect(w, r, "/backoffice/articles/"+id, http.StatusSeeOther)
	return nil
}

func (s *server) saveArticle(ctx context.Context, id string, f form.Form) (string, error) {
	version, err := strconv.ParseInt(f.Get("version"), 10, 32)
	if err != nil {
		version = 0
	}
	saved, err := s.content.SaveArticle(ctx, &bffpb.SaveArticleRequest{
		RequestId: f.Key.String(), Id: id, Version: int32(version), Kind: f.Get("kind"), Language: f.Get("language"),
		CategoryId: f.Get("category_id"), Byline: f.Get("byline"), Disclosure: f.Get("disclosure"), Title: f.Get("title"),
		Summary: f.Get("summary"), Body: f.Get("body"),
	})
	if err != nil {
		return id, err
	}
	switch f.Get("do") {
	case "publish":
		_, err = s.content.PublishArticle(ctx, &bffpb.PublishArticleRequest{RequestId: s.newID().String(), Id: saved.GetId(), Version: saved.GetVersion()})
	case "unpublish":
		_, err = s.content.UnpublishArticle(ctx, &bffpb.UnpublishArticleRequest{RequestId: s.newID().String(), Id: saved.GetId()})
	}
	return saved.GetId(), err
}

func (s *server) reports(w http.ResponseWriter, r *http.Request) error {
	return s.showReports(w, r, r.URL.Query().Get("hide"), form.New(s.newID()))
}

func (s *server) showReports(w http.ResponseWriter, r *http.Request, hide string, f form.Form) error {
	list, err := s.content.Reports(r.Context(), &bffpb.ReportsRequest{PageToken: r.URL.Query().Get("page"), PageSize: 100})
	if err != nil {
		return errs.FromStatus(err)
	}
	view := desk.ReportsView{Reports: list, Form: f}
	for _, one := range list.GetReports() {
		if one.GetCommentId() == hide {
			view.Hide = one
		}
	}
	return s.show(w, r, f.Status(), desk.Reports(view))
}

// moderate hides a reported comment, or lets it stand.
func (s *server) moderate(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	id, key := r.PathValue("id"), f.Key.String()
	if f.Get("do") == "dismiss" {
		_, err = s.content.DismissReports(r.Context(), &bffpb.DismissReportsRequest{RequestId: key, Id: id})
	} else {
		_, err = s.content.HideComment(r.Context(), &bffpb.HideCommentRequest{RequestId: key, Id: id, Reason: f.Get("reason")})
	}
	if err != nil {
		return s.showReports(w, r, id, f.Fail(errs.FromStatus(err)))
	}
	reader.Tell(w, reader.Notice{Key: "desk.settled"})
	http.Redirect(w, r, "/backoffice/comments", http.StatusSeeOther)
	return nil
}

// reportsWaiting is a line of the work list.
func (s *server) reportsWaiting(ctx context.Context) (backoffice.Task, error) {
	list, err := s.content.Reports(ctx, &bffpb.ReportsRequest{PageSize: 1})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "desk.reports")}, err
	}
	n := int(list.GetWaiting())
	return backoffice.Task{Label: i18n.Say(ctx, "desk.reports_waiting", "count", n), Href: "/backoffice/comments", Count: n}, nil
}

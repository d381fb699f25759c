package ssr

import (
	"context"
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/rules/patient"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/article"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// articles lists what is published.
func (s *server) articles(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	view := article.ListView{Category: q.Get("category"), Kind: q.Get("kind"), Query: q.Get("q"), Later: q.Get("page") != ""}
	var err error
	view.Articles, err = s.content.Articles(r.Context(), &bffpb.ArticlesRequest{
		Category: view.Category, Kind: view.Kind, Query: view.Query, PageToken: q.Get("page"),
	})
	if err != nil {
		return errs.FromStatus(err)
	}
	categories, err := s.content.Categories(r.Context(), &bffpb.CategoriesRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	view.Categories = categories.GetCategories()
	return s.show(w, r, http.StatusOK, article.List(view))
}

// article is one article with what is said below it.
func (s *server) article(w http.ResponseWriter, r *http.Request) error {
	view, err := s.articleView(r)
	if err != nil {
		return err
	}
	view.Form = form.New(s.newID())
	for _, do := range []string{article.Reply, article.Edit, article.Report} {
		if target := comment(view.Comments, r.URL.Query().Get(do)); target != nil {
			view.Do, view.Target = do, target
		}
	}
	if view.Do == article.Edit {
		view.Form = view.Form.Set("body", view.Target.GetBody())
	}
	return s.show(w, r, http.StatusOK, article.Page(view))
}

// articleView reads the article, and its comments for who may see them; without those the rest stands.
func (s *server) articleView(r *http.Request) (article.View, error) {
	view := article.View{Do: article.Add, Now: reader.From(r.Context()).Now}
	var err error
	view.Article, err = s.content.Article(r.Context(), &bffpb.ArticleRequest{Slug: r.PathValue("slug")})
	if err != nil || view.Article.GetLocked() {
		return view, errs.FromStatus(err)
	}
	view.Comments, err = s.content.Comments(r.Context(), &bffpb.CommentsRequest{
		ArticleId: view.Article.GetCard().GetId(), PageToken: r.URL.Query().Get("comments"),
	})
	if err != nil {
		obs.Event(r.Context()).Set("comments_missing", err.Error())
		view.Comments = nil
	}
	return view, nil
}

func comment(all *bffpb.CommentsResponse, id string) *bffpb.Comment {
	for _, c := range all.GetComments() {
		if c.GetId() == id && !c.GetHidden() {
			return c
		}
	}
	return nil
}

// postComment says, answers, changes or reports; on an error the page comes back with what was typed.
func (s *server) postComment(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	view, err := s.articleView(r)
	if err != nil {
		return err
	}
	id, err := s.say(r.Context(), view, f)
	if err != nil {
		view.Do, view.Target = f.Get("do"), comment(view.Comments, f.Get("id"))
		if view.Target == nil {
			view.Do = article.Add
		}
		view.Form = f.Fail(errs.FromStatus(err))
		return s.show(w, r, view.Form.Status(), article.Page(view))
	}
	switch {
	case f.Get("do") == article.Report:
		reader.Tell(w, reader.Notice{Key: "comment.reported"})
	case len(patient.Notice(f.Get("body"))) > 0: // it stands there; there is time to change it
		reader.Tell(w, reader.Notice{Key: "comment.recognised_sent"})
	}
	http.Redirect(w, r, "/articles/"+view.Article.GetCard().GetSlug()+"#c-"+id, http.StatusSeeOther)
	return nil
}

func (s *server) say(ctx context.Context, view article.View, f form.Form) (string, error) {
	id, key := f.Get("id"), f.Key.String()
	switch f.Get("do") {
	case article.Report:
		_, err := s.content.ReportComment(ctx, &bffpb.ReportCommentRequest{RequestId: key, Id: id, Reason: f.Get("reason")})
		return id, err
	case article.Edit:
		_, err := s.content.EditComment(ctx, &bffpb.EditCommentRequest{RequestId: key, Id: id, Body: f.Get("body")})
		return id, err
	default:
		answer, err := s.content.AddComment(ctx, &bffpb.AddCommentRequest{
			RequestId: key, ArticleId: view.Article.GetCard().GetId(), ParentId: id, Body: f.Get("body"),
		})
		return answer.GetId(), err
	}
}

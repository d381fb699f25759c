package ssr

import (
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/console"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// stage asks for a webinar as one of its hosts sees it; who hosts it not is refused.
func (s *server) stage(r *http.Request, f form.Form) (console.View, error) {
	found, err := s.hosting.Stage(r.Context(), &bffpb.StageRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return console.View{}, errs.FromStatus(err)
	}
	view := console.View{Card: found.GetCard(), Form: f, Now: s.now()}
	if found.GetStartedAt() != nil {
		view.Started = found.GetStartedAt().AsTime()
	}
	return view, nil
}

// console is the page from which a webinar is run.
func (s *server) console(w http.ResponseWriter, r *http.Request) error {
	view, err := s.stage(r, s.key())
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, console.Page(view))
}

// postBegin has a webinar begin before its time.
func (s *server) postBegin(w http.ResponseWriter, r *http.Request) error {
	return s.direct(w, r, "console.begun", func(view console.View) error {
		_, err := s.webinars.BeginWebinar(r.Context(), &bffpb.BeginWebinarRequest{RequestId: view.Form.Key.String(), Id: view.Card.GetId()})
		return err
	})
}

// postEnd has a webinar end before its time.
func (s *server) postEnd(w http.ResponseWriter, r *http.Request) error {
	return s.direct(w, r, "console.ending", func(view console.View) error {
		_, err := s.webinars.EndWebinar(r.Context(), &bffpb.EndWebinarRequest{RequestId: view.Form.Key.String(), Id: view.Card.GetId()})
		return err
	})
}

// direct does what a button of the console asks for. What cannot be done now is said on the console itself.
func (s *server) direct(w http.ResponseWriter, r *http.Request, done i18n.Key, do func(console.View) error) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	view, err := s.stage(r, f)
	if err != nil {
		return err
	}
	err = do(view)
	if kind := errs.KindOf(err); err != nil && (kind == errs.Conflict || kind == errs.Invalid) {
		view.Form = s.key().Fail(errs.FromStatus(err)) // another try is another wish
		return s.show(w, r, view.Form.Status(), console.Page(view))
	}
	if err != nil {
		return errs.FromStatus(err)
	}
	reader.Tell(w, reader.Notice{Key: done})
	return web.Redirect(w, r, webinar.Path(view.Card.GetSlug())+"/console", "/host")
}

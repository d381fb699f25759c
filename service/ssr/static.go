package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/design"
	"github.com/rounds-cme/rounds/service/ssr/page/text"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// mark answers browsers that ask for the icon at its old place: pages that are not ours to lay out, such as the mailbox, name none.
func (s *server) mark(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, s.assets.URL("mark.svg"), http.StatusFound)
	return nil
}

// worker is the script that runs while no page is open; its scope is the whole site, because it stands at the top of it.
func (s *server) worker(w http.ResponseWriter, _ *http.Request) error {
	if !s.assets.ServeWorker(w) {
		return errs.New(errs.NotFound, "page.not_found", "There is no such page.")
	}
	return nil
}

func (s *server) help(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, text.Help())
}

func (s *server) privacy(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, text.Privacy())
}

// design shows every part of the pages in all its states.
func (s *server) design(w http.ResponseWriter, r *http.Request) error {
	wrong := form.New(s.newID()).Set("email", "ana@example").Set("speciality", "cardiology").Fail(
		errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("email", "design.email", "Enter an e-mail address in the form name@example.org.").
			Field("proof", "design.proof", "Choose a file in PDF, JPEG or PNG format."))
	return s.show(w, r, http.StatusOK, design.Page(design.View{Empty: form.New(s.newID()).SetMoment("starts", s.now(), "Europe/Ljubljana"), Wrong: wrong, Now: s.now()}))
}

// choose keeps the language and the theme that a reader wants.
func (s *server) choose(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	reader.Choose(w, reader.From(r.Context()), f.Get("language"), f.Get("theme"))
	return web.Redirect(w, r, f.Get("next"), "/")
}

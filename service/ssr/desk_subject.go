package ssr

import (
	"net/http"
	"strconv"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/desk"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

func (s *server) categories(w http.ResponseWriter, r *http.Request) error {
	return s.showCategories(w, r, r.URL.Query().Get("id"), form.New(s.newID()).Set("position", "0"), true)
}

func (s *server) showCategories(w http.ResponseWriter, r *http.Request, id string, f form.Form, fill bool) error {
	list, err := s.content.Categories(r.Context(), &bffpb.CategoriesRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	for _, c := range list.GetCategories() {
		if fill && c.GetId() == id {
			f = f.Set("name_en", c.GetNameEn()).Set("name_sl", c.GetNameSl()).Set("position", strconv.Itoa(int(c.GetPosition())))
		}
	}
	return s.show(w, r, f.Status(), desk.Categories(desk.SubjectsView{ID: id, Form: f, Categories: list.GetCategories()}))
}

func (s *server) postCategory(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	_, err = s.content.SaveCategory(r.Context(), &bffpb.SaveCategoryRequest{
		RequestId: f.Key.String(), Id: f.Get("id"), NameEn: f.Get("name_en"), NameSl: f.Get("name_sl"), Position: count(f, "position"),
	})
	if err != nil {
		return s.showCategories(w, r, f.Get("id"), f.Fail(errs.FromStatus(err)), false)
	}
	reader.Tell(w, reader.Notice{Key: "desk.saved"})
	http.Redirect(w, r, "/backoffice/categories", http.StatusSeeOther)
	return nil
}

func (s *server) lecturers(w http.ResponseWriter, r *http.Request) error {
	return s.showLecturers(w, r, r.URL.Query().Get("id"), form.New(s.newID()), true)
}

func (s *server) showLecturers(w http.ResponseWriter, r *http.Request, id string, f form.Form, fill bool) error {
	list, err := s.content.Lecturers(r.Context(), &bffpb.LecturersRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	for _, l := range list.GetLecturers() {
		if fill && l.GetId() == id {
			f = f.Set("name", l.GetName()).Set("title", l.GetTitle()).Set("bio", l.GetBio())
		}
	}
	return s.show(w, r, f.Status(), desk.Lecturers(desk.SubjectsView{ID: id, Form: f, Lecturers: list.GetLecturers()}))
}

func (s *server) postLecturer(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	_, err = s.content.SaveLecturer(r.Context(), &bffpb.SaveLecturerRequest{
		RequestId: f.Key.String(), Id: f.Get("id"), Name: f.Get("name"), Title: f.Get("title"), Bio: f.Get("bio"),
	})
	if err != nil {
		return s.showLecturers(w, r, f.Get("id"), f.Fail(errs.FromStatus(err)), false)
	}
	reader.Tell(w, reader.Notice{Key: "desk.saved"})
	http.Redirect(w, r, "/backoffice/lecturers", http.StatusSeeOther)
	return nil
}

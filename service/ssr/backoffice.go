package ssr

import (
	"context"
	"mime"
	"net/http"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// duty counts what waits for an administrator in one subject.
type duty func(context.Context) (backoffice.Task, error)

// duties are the lines of the work list; a new one is one line.
func (s *server) duties() []duty {
	return []duty{
		s.applicationsWaiting,
		s.reportsWaiting,
		s.attendanceMissing,
		s.pointsDue,
		s.appealsWaiting,
		s.sagasStuck,
		s.lettersDead,
		s.messagesLate,
		s.webinarsComing,
	}
}

// work is the first page of the backoffice: what waits, and where.
func (s *server) work(w http.ResponseWriter, r *http.Request) error {
	var tasks []backoffice.Task
	for _, count := range s.duties() {
		task, err := count(r.Context())
		if err != nil {
			obs.Event(r.Context()).Set("missing", err.Error())
			task.Missing = true
		}
		tasks = append(tasks, task)
	}
	return s.show(w, r, http.StatusOK, backoffice.Work(tasks))
}

func (s *server) applicationsWaiting(ctx context.Context) (backoffice.Task, error) {
	list, err := s.people.Applications(ctx, &bffpb.ApplicationsRequest{PageSize: 1})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "review.title")}, err
	}
	n := int(list.GetWaiting())
	return backoffice.Task{Label: i18n.Say(ctx, "work.applications", "count", n), Href: "/backoffice/applications", Count: n}, nil
}

func (s *server) applications(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	state := q.Get("state")
	if state == "" {
		state = "waiting"
	}
	list, err := s.people.Applications(r.Context(), &bffpb.ApplicationsRequest{State: state, PageToken: q.Get("after")})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, backoffice.Applications(backoffice.ListView{State: state, List: list, First: q.Get("after") == ""}))
}

func (s *server) review(w http.ResponseWriter, r *http.Request) error {
	return s.showReview(w, r, form.New(s.newID()))
}

func (s *server) showReview(w http.ResponseWriter, r *http.Request, f form.Form) error {
	answer, err := s.people.Application(r.Context(), &bffpb.ApplicationRequest{Id: r.PathValue("id")})
	if err != nil {
		return err
	}
	v := backoffice.ReviewView{Application: answer.GetApplication(), Next: answer.GetNextId(), Form: f}
	return s.show(w, r, f.Status(), backoffice.Review(v))
}

// proof shows what a stranger uploaded: it may run nothing, load nothing, and is kept by no cache. A PDF is saved, not shown,
// because a viewer is a program too.
func (s *server) proof(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.people.Proof(r.Context(), &bffpb.ProofRequest{ApplicationId: r.PathValue("id")})
	if err != nil {
		return err
	}
	d := answer.GetProof()
	disposition := "attachment"
	if strings.HasPrefix(d.GetMediaType(), "image/") {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", d.GetMediaType())
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": d.GetFileName()}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(d.GetContent())
	return err
}

// decide asks first whether it is meant so, then decides and goes on to the next application.
func (s *server) decide(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	id, approve := r.PathValue("id"), f.Get("decision") == "approve"
	if problem := decisionProblem(f); problem != nil {
		return s.showReview(w, r, f.Fail(problem))
	}
	answer, err := s.people.Application(r.Context(), &bffpb.ApplicationRequest{Id: id})
	if err != nil {
		return err
	}
	if !f.Checked("sure") {
		return s.show(w, r, http.StatusOK, backoffice.Sure(backoffice.ReviewView{Application: answer.GetApplication(), Form: f}))
	}
	_, err = s.people.Decide(r.Context(), &bffpb.DecideRequest{
		RequestId: f.Key.String(), ApplicationId: id, Approve: approve, Reason: f.Get("reason"),
	})
	if err != nil && refused(err) {
		return s.showReview(w, r, f.Fail(err))
	}
	if err != nil {
		return err
	}
	key := i18n.Key("review.rejected_done")
	if approve {
		key = "review.approved_done"
	}
	reader.Tell(w, reader.Notice{Key: key, Args: map[string]string{"name": answer.GetApplication().GetName()}})
	next := "/backoffice/applications"
	if answer.GetNextId() != "" {
		next += "/" + answer.GetNextId()
	}
	return web.Redirect(w, r, next, "/backoffice")
}

func decisionProblem(f form.Form) error {
	var fields errs.Fields
	switch decision := f.Get("decision"); {
	case decision != "approve" && decision != "reject":
		fields.Add("decision", "review.decision", "Choose whether you approve or reject.")
	case decision == "reject" && f.Get("reason") == "":
		fields.Add("reason", "application.reason", "Enter a reason. The applicant reads it.")
	}
	return fields.Err()
}

package ssr

import (
	"net/http"
	"strconv"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

func (s *server) planOf(r *http.Request) (*bffpb.WebinarPlanResponse, error) {
	return s.webinars.WebinarPlan(r.Context(), &bffpb.WebinarPlanRequest{Id: r.PathValue("id")})
}

// movePlan asks for another time or length.
func (s *server) movePlan(w http.ResponseWriter, r *http.Request) error {
	p, err := s.planOf(r)
	if err != nil {
		return err
	}
	f := form.New(s.newID()).Set("start", p.GetStart().GetTime()).Set("zone", p.GetStart().GetZone()).Set("occurrence", p.GetStart().GetOccurrence()).
		Set("minutes", strconv.Itoa(int(p.GetPlan().GetCard().GetMinutes()))).Set("version", strconv.Itoa(int(p.GetVersion())))
	return s.show(w, r, http.StatusOK, plan.Move(plan.MoveView{Form: f, Plan: p}))
}

// postMove shows old and new time and who is told, and moves when that was confirmed. What is no moment, or none that may be, goes to
// data management at once: it refuses, and says why.
func (s *server) postMove(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	f = plan.Settle(f)
	p, err := s.planOf(r)
	if err != nil {
		return err
	}
	view, card := plan.MoveView{Form: f, Plan: p}, p.GetPlan().GetCard()
	at, ok := plan.Start(f)
	length := count(f, "minutes")
	asks := ok && at.After(s.now()) && length > 0 && !f.Checked("sure") && card.GetState() == "planned"
	if asks && at.Equal(card.GetStartsAt().AsTime().Truncate(time.Minute)) && length == card.GetMinutes() && f.Get("zone") == card.GetZone() {
		view.Form = f.Fail(errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("start", "webinar.same", "This is when it is already. Enter another time or another length."))
		return s.show(w, r, view.Form.Status(), plan.Move(view))
	}
	if asks {
		view.At = at
		return s.show(w, r, http.StatusOK, plan.SureMove(view))
	}
	_, err = s.webinars.MoveWebinar(r.Context(), &bffpb.MoveWebinarRequest{
		RequestId: f.Key.String(), Id: card.GetId(), Version: count(f, "version"), Start: startOf(f), Minutes: length,
	})
	if err != nil && refused(err) {
		if errs.HasCode(err, "webinar.version") { // the page shows how it is planned now
			f = f.Set("version", strconv.Itoa(int(p.GetVersion())))
			f.Key = s.newID()
		}
		view.Form = f.Fail(err)
		return s.show(w, r, view.Form.Status(), plan.Move(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "plan.moved"})
	return web.Redirect(w, r, "/backoffice/webinars/"+card.GetId(), "/backoffice/webinars")
}

// cancelPlan asks for the reason, and whether it is meant so.
func (s *server) cancelPlan(w http.ResponseWriter, r *http.Request) error {
	p, err := s.planOf(r)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, plan.Cancel(plan.CancelView{Form: form.New(s.newID()), Plan: p}))
}

func (s *server) postCancel(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	p, err := s.planOf(r)
	if err != nil {
		return err
	}
	if err = cancelProblem(f); err == nil {
		_, err = s.webinars.CancelWebinar(r.Context(), &bffpb.CancelWebinarRequest{RequestId: f.Key.String(), Id: r.PathValue("id"), Reason: f.Get("reason")})
	}
	if err != nil && refused(err) {
		view := plan.CancelView{Form: f.Fail(err), Plan: p}
		return s.show(w, r, view.Form.Status(), plan.Cancel(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "plan.cancelled_done"})
	return web.Redirect(w, r, "/backoffice/webinars/"+r.PathValue("id"), "/backoffice/webinars")
}

func cancelProblem(f form.Form) error {
	var fields errs.Fields
	if f.Get("reason") == "" {
		fields.Add("reason", "webinar.reason", "Enter why it is called off. Those who subscribed read it.")
	}
	if !f.Checked("sure") {
		fields.Add("sure", "webinar.sure", "Tick the box when you are sure. There is no way back.")
	}
	return fields.Err()
}

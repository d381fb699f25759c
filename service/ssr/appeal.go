package ssr

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/appeal"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/page/personal"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// evidence is what one's own credit in a webinar was computed from, and where one says that it is wrong.
func (s *server) evidence(w http.ResponseWriter, r *http.Request) error {
	return s.showEvidence(w, r, form.New(s.newID()))
}

func (s *server) showEvidence(w http.ResponseWriter, r *http.Request, f form.Form) error {
	e, err := s.points.Evidence(r.Context(), &bffpb.PointsEvidenceRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, f.Status(), personal.Evidence(personal.EvidenceView{Evidence: e, Support: s.support, Form: f}))
}

// outcomeOf is the part of a page that says what one's own credit came to; nothing while that is not known yet. The room fetches it
// when it is over.
func (s *server) outcomeOf(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	e, err := s.points.Evidence(r.Context(), &bffpb.PointsEvidenceRequest{Slug: r.PathValue("slug")})
	if kind := errs.KindOf(err); err != nil && (kind == errs.NotFound || kind == errs.Unavailable) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, personal.Outcome(e))
}

// evidenceJSON is the same for a program: what rules/credit computes from.
func (s *server) evidenceJSON(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	e, err := s.points.Evidence(r.Context(), &bffpb.PointsEvidenceRequest{Slug: slug})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "evidence-" + slug + ".json"}))
	h.Set("Cache-Control", "no-store")
	_, err = w.Write([]byte(e.GetDocument()))
	return err
}

func (s *server) postAppeal(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	in := &bffpb.PointsAppealRequest{RequestId: f.Key.String(), WebinarId: f.Get("webinar_id"), Reason: f.Get("reason"), Words: f.Get("words")}
	if in.Concerns, err = s.concerns(r, f); err == nil {
		_, err = s.points.Appeal(r.Context(), in)
	}
	return s.appealDone(w, r, f, "appeal.made_done", err)
}

// concerns is when it was, if that was typed.
func (s *server) concerns(r *http.Request, f form.Form) (*bffpb.EvidenceSpan, error) {
	from, to := f.Get("concerns_from"), f.Get("concerns_to")
	if from == "" && to == "" {
		return nil, nil //nolint:nilnil // Nothing was typed.
	}
	e, err := s.points.Evidence(r.Context(), &bffpb.PointsEvidenceRequest{Slug: r.PathValue("slug")})
	if err != nil {
		return nil, err
	}
	var wrong errs.Fields
	zone := i18n.From(r.Context()).Location()
	span := &bffpb.EvidenceSpan{From: onTheDay(&wrong, "concerns_from", from, e, zone), To: onTheDay(&wrong, "concerns_to", to, e, zone)}
	return span, wrong.Err()
}

func (s *server) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	_, err = s.points.WithdrawAppeal(r.Context(), &bffpb.PointsWithdrawAppealRequest{RequestId: f.Key.String(), Id: f.Get("id")})
	return s.appealDone(w, r, f, "appeal.withdrawn_done", err)
}

func (s *server) appealDone(w http.ResponseWriter, r *http.Request, f form.Form, notice i18n.Key, err error) error {
	if err != nil && refused(err) {
		f.Key = s.newID()
		return s.showEvidence(w, r, f.Fail(err))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: notice})
	return web.Redirect(w, r, "/me/webinars/"+r.PathValue("slug"), "/me")
}

func (s *server) appealsWaiting(ctx context.Context) (backoffice.Task, error) {
	list, err := s.points.Appeals(ctx, &bffpb.PointsAppealsRequest{PageSize: 1})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "appeal.title")}, err
	}
	n := int(list.GetWaiting())
	return backoffice.Task{Label: i18n.Say(ctx, "work.appeals", "count", n), Href: "/backoffice/appeals", Count: n}, nil
}

func (s *server) appeals(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	list, err := s.points.Appeals(r.Context(), &bffpb.PointsAppealsRequest{Closed: q.Get("closed") != "", PageToken: q.Get("after")})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, appeal.List(appeal.ListView{List: list, Closed: q.Get("closed") != "", First: q.Get("after") == ""}))
}

func (s *server) appealCase(w http.ResponseWriter, r *http.Request) error {
	c, err := s.points.AppealCase(r.Context(), &bffpb.PointsAppealCaseRequest{Id: r.PathValue("id")})
	if err != nil {
		return err
	}
	zone := i18n.From(r.Context()).Location()
	return s.showCase(w, r, asAppealed(form.New(s.newID()), c, zone), c, nil)
}

func (s *server) showCase(w http.ResponseWriter, r *http.Request, f form.Form, c *bffpb.PointsAppealCaseResponse, weighed *bffpb.PointsWeighAppealResponse) error {
	w.Header().Set("Cache-Control", "no-store")
	v := appeal.CaseView{Case: c, Form: f, Weighed: weighed, Zone: i18n.From(r.Context()).Location()}
	return s.show(w, r, f.Status(), appeal.Case(v))
}

// asAppealed fills in what the appeal names: the missed checks of the time that it is about, or that time as watched.
func asAppealed(f form.Form, c *bffpb.PointsAppealCaseResponse, zone *time.Location) form.Form {
	concerns := c.GetAppeal().GetConcerns()
	if concerns == nil {
		return f
	}
	from, to := concerns.GetFrom().AsTime(), concerns.GetTo().AsTime()
	if c.GetAppeal().GetReason() != "check" {
		clock := func(t time.Time) string { return strings.TrimSuffix(t.In(zone).Format("15:04:05"), ":00") }
		return f.Set(appeal.FromField("watched", 1), clock(from)).Set(appeal.ToField("watched", 1), clock(to))
	}
	for _, check := range c.GetEvidence().GetChecks() {
		if asked := check.GetAskedAt().AsTime(); check.GetFate() == "missed" && !asked.Before(from) && !asked.After(to) {
			f = f.Set(appeal.CheckField(check.GetNumber()), "yes")
		}
	}
	return f
}

// postCase weighs, or decides.
func (s *server) postCase(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	c, err := s.points.AppealCase(r.Context(), &bffpb.PointsAppealCaseRequest{Id: id})
	if err != nil {
		return err
	}
	amendment, err := amendmentOf(f, c.GetEvidence(), i18n.From(r.Context()).Location())
	if err != nil {
		return s.showCase(w, r, f.Fail(err), c, nil)
	}
	if f.Get("do") != "decide" {
		weighed, err := s.points.WeighAppeal(r.Context(), &bffpb.PointsWeighAppealRequest{Id: id, Amendment: amendment})
		if err != nil && refused(err) {
			return s.showCase(w, r, f.Fail(err), c, nil)
		}
		if err != nil {
			return err
		}
		return s.showCase(w, r, f, c, weighed)
	}
	grant := f.Get("decision") == "grant"
	if !grant && f.Get("decision") != "refuse" {
		return s.showCase(w, r, f.Fail(errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("decision", "appeal.decision", "Choose whether you grant the appeal.")), c, nil)
	}
	in := &bffpb.PointsDecideAppealRequest{RequestId: f.Key.String(), Id: id, Grant: grant, Answer: f.Get("answer")}
	if grant {
		in.Amendment = amendment
	}
	_, err = s.points.DecideAppeal(r.Context(), in)
	return s.caseDone(w, r, f, c, "appeal.decided_done", err)
}

// postCorrection asks the agency again.
func (s *server) postCorrection(w http.ResponseWriter, r *http.Request) error {
	return s.onCase(w, r, "points.requested_done", func(ctx context.Context, f form.Form) error {
		_, err := s.points.RequestCorrection(ctx, &bffpb.PointsRequestCorrectionRequest{RequestId: f.Key.String(), AppealId: r.PathValue("id")})
		return err
	})
}

// postCorrectionAnswer takes down what the agency said.
func (s *server) postCorrectionAnswer(w http.ResponseWriter, r *http.Request) error {
	return s.onCase(w, r, "points.answered_done", func(ctx context.Context, f form.Form) error {
		decision := f.Get("decision")
		if decision != "accepted" && decision != "refused" {
			return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("decision", "points.decision", "Choose what the agency answered.")
		}
		_, err := s.points.Answer(ctx, &bffpb.PointsAnswerRequest{
			RequestId: f.Key.String(), Id: f.Get("id"), Accepted: decision == "accepted", Day: f.Get("day"), Reference: f.Get("reference"),
			Answer: f.Get("answer"),
		})
		return err
	})
}

func (s *server) onCase(w http.ResponseWriter, r *http.Request, notice i18n.Key, do func(context.Context, form.Form) error) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	c, err := s.points.AppealCase(r.Context(), &bffpb.PointsAppealCaseRequest{Id: r.PathValue("id")})
	if err != nil {
		return err
	}
	return s.caseDone(w, r, f, c, notice, do(r.Context(), f))
}

func (s *server) caseDone(w http.ResponseWriter, r *http.Request, f form.Form, c *bffpb.PointsAppealCaseResponse, notice i18n.Key, err error) error {
	if err != nil && refused(err) {
		f.Key = s.newID()
		return s.showCase(w, r, f.Fail(err), c, nil)
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: notice})
	return web.Redirect(w, r, "/backoffice/appeals/"+r.PathValue("id"), "/backoffice/appeals")
}

// amendmentOf reads what was typed: checks that are ticked, and times of the day of the webinar. An empty pair of times is none.
func amendmentOf(f form.Form, e *bffpb.PointsEvidenceResponse, zone *time.Location) (*bffpb.Amendment, error) {
	a := &bffpb.Amendment{}
	var wrong errs.Fields
	for _, c := range e.GetChecks() {
		if f.Checked(appeal.CheckField(c.GetNumber())) {
			a.VoidChecks = append(a.VoidChecks, c.GetNumber())
		}
	}
	for kind, spans := range map[string]*[]*bffpb.EvidenceSpan{"watched": &a.Watched, "incidents": &a.Incidents} {
		for n := 1; n <= appeal.Spans; n++ {
			from, to := appeal.FromField(kind, n), appeal.ToField(kind, n)
			if f.Get(from) == "" && f.Get(to) == "" {
				continue
			}
			span := &bffpb.EvidenceSpan{From: onTheDay(&wrong, from, f.Get(from), e, zone), To: onTheDay(&wrong, to, f.Get(to), e, zone)}
			*spans = append(*spans, span)
		}
	}
	return a, wrong.Err()
}

// onTheDay is a time of the day such as 18:05 or 18:05:30 within the webinar, which may go past midnight.
func onTheDay(wrong *errs.Fields, name, typed string, e *bffpb.PointsEvidenceResponse, zone *time.Location) *timestamppb.Timestamp {
	clock, err := time.Parse("15:04:05", typed)
	if err != nil {
		clock, err = time.Parse("15:04", typed)
	}
	if err == nil {
		started := e.GetStartedAt().AsTime().In(zone)
		for days := range 2 {
			at := time.Date(started.Year(), started.Month(), started.Day()+days, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
			// Who types the minute means all of it: the first and the last may begin before and end after the second of the start and end.
			if at.Before(started) && at.Add(time.Minute).After(started) {
				at = started
			}
			if !at.Before(started) && !at.After(e.GetEndedAt().AsTime()) {
				return timestamppb.New(at)
			}
			if end := e.GetEndedAt().AsTime(); at.After(end) && at.Add(-time.Minute).Before(end) {
				return timestamppb.New(end)
			}
		}
	}
	wrong.Add(name, "appeal.time", "Enter a time within the webinar, such as 18:05 or 18:05:30.")
	return nil
}

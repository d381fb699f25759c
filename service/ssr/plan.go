package ssr

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

const planBody = 256 << 10 // 8,000 letters of a description, as a browser sends them

// plans lists webinars in every state.
func (s *server) plans(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	state := q.Get("state")
	if !plan.Known(state) {
		state = ""
	}
	list, err := s.webinars.WebinarPlans(r.Context(), &bffpb.WebinarPlansRequest{State: state, PageToken: q.Get("page"), PageSize: 30})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, plan.List(plan.ListView{State: state, List: list, First: q.Get("page") == ""}))
}

// newPlan shows the form for a new webinar, in the zone of who plans it.
func (s *server) newPlan(w http.ResponseWriter, r *http.Request) error {
	choices, err := s.choices(r.Context(), nil)
	if err != nil {
		return err
	}
	f := form.New(s.newID()).Set("zone", reader.From(r.Context()).Zone).Set("minutes", "60")
	for i, rule := range choices.Rules {
		if i == 0 || rule.GetName() == "Standard live webinar" {
			f.Set("credit_rule_id", rule.GetId())
		}
	}
	return s.show(w, r, http.StatusOK, plan.Editor(plan.EditorView{Choices: choices, Form: f}))
}

// choices are what the form offers: lecturers, categories, the newest rules, and the rule that a webinar has if it is an older one.
func (s *server) choices(ctx context.Context, has *bffpb.CreditRule) (plan.Choices, error) {
	lecturers, err := s.content.Lecturers(ctx, &bffpb.LecturersRequest{})
	if err != nil {
		return plan.Choices{}, err
	}
	categories, err := s.content.Categories(ctx, &bffpb.CategoriesRequest{})
	if err != nil {
		return plan.Choices{}, err
	}
	rules, err := s.webinars.CreditRules(ctx, &bffpb.CreditRulesRequest{})
	if err != nil {
		return plan.Choices{}, err
	}
	c := plan.Choices{Lecturers: lecturers.GetLecturers(), Categories: categories.GetCategories(), Rules: rules.GetRules()}
	if has != nil && !slices.ContainsFunc(c.Rules, func(r *bffpb.CreditRule) bool { return r.GetId() == has.GetId() }) {
		c.Rules = append([]*bffpb.CreditRule{has}, c.Rules...)
	}
	return c, nil
}

// schedule plans a new webinar.
func (s *server) schedule(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	f = plan.Settle(f)
	view := plan.EditorView{Form: f}
	if view.Choices, err = s.choices(r.Context(), nil); err != nil {
		return err
	}
	if f.Get("do") == "preview" {
		return s.previewPlan(w, r, view)
	}
	if err := stepped(r.Context(), f, view.Rules); err != nil {
		view.Form = f.Fail(plan.InOrder(err))
		return s.show(w, r, view.Form.Status(), plan.Editor(view))
	}
	saved, err := s.webinars.ScheduleWebinar(r.Context(), &bffpb.ScheduleWebinarRequest{
		RequestId: f.Key.String(), Title: f.Get("title"), Description: f.Get("description"), LecturerId: f.Get("lecturer_id"),
		CategoryId: f.Get("category_id"), Start: startOf(f), Minutes: count(f, "minutes"), Hundredths: hundredths(f, "hundredths"),
		CreditRuleId: f.Get("credit_rule_id"), VideoUrl: f.Get("video_url"),
	})
	if err != nil && refused(err) {
		view.Form = f.Fail(plan.InOrder(err))
		return s.show(w, r, view.Form.Status(), plan.Editor(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "plan.scheduled"})
	return web.Redirect(w, r, "/backoffice/webinars/"+saved.GetId(), "/backoffice/webinars")
}

func startOf(f form.Form) *bffpb.LocalStart {
	return &bffpb.LocalStart{Time: f.Get("start"), Zone: f.Get("zone"), Occurrence: f.Get("occurrence")}
}

// hundredths reads points as people type them, with a comma or a dot; what is no number is refused beside its field.
func hundredths(f form.Form, name string) int32 {
	points, err := credit.ParsePoints(strings.Replace(f.Get(name), ",", ".", 1))
	if err != nil {
		return -1
	}
	return int32(points) //nolint:gosec // ParsePoints allows a million points
}

// stepped refuses points between the steps of the rule: they would be lost to rounding.
func stepped(ctx context.Context, f form.Form, rules []*bffpb.CreditRule) error {
	points := hundredths(f, "hundredths")
	for _, rule := range rules {
		if step := rule.GetCreditStep(); rule.GetId() == f.Get("credit_rule_id") && step > 0 && points > 0 && points%step != 0 {
			said := plan.Points(ctx, step)
			return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).With("step", said).
				Field("hundredths", "webinar.step", "The rule gives points in steps of "+said+".")
		}
	}
	return nil
}

func (s *server) previewPlan(w http.ResponseWriter, r *http.Request, view plan.EditorView) error {
	preview, err := s.content.Preview(r.Context(), &bffpb.PreviewRequest{Body: view.Form.Get("description")})
	if err != nil && !refused(err) {
		return err
	}
	if err != nil {
		failed := errs.Of(err)
		for i := range failed.Fields {
			failed.Fields[i].Name = "description" // there it is called the body
		}
		view.Form = view.Form.Fail(failed)
	}
	view.Preview = preview.GetHtml()
	return s.show(w, r, view.Form.Status(), plan.Editor(view))
}

func (s *server) planView(r *http.Request) (plan.EditorView, error) {
	var view plan.EditorView
	var err error
	if view.Plan, err = s.webinars.WebinarPlan(r.Context(), &bffpb.WebinarPlanRequest{Id: r.PathValue("id")}); err != nil {
		return view, err
	}
	view.Choices, err = s.choices(r.Context(), view.Plan.GetRule())
	return view, err
}

// editPlan shows a webinar with what may still be changed.
func (s *server) editPlan(w http.ResponseWriter, r *http.Request) error {
	view, err := s.planView(r)
	if err != nil {
		return err
	}
	p, card := view.Plan, view.Plan.GetPlan().GetCard()
	view.Form = form.New(s.newID()).Set("title", card.GetTitle()).Set("description", p.GetDescription()).Set("lecturer_id", card.GetLecturer().GetId()).
		Set("category_id", card.GetCategory().GetId()).Set("hundredths", plan.Points(r.Context(), card.GetHundredths())).
		Set("credit_rule_id", p.GetRule().GetId()).Set("video_url", p.GetVideoUrl()).Set("version", strconv.Itoa(int(p.GetVersion())))
	return s.show(w, r, http.StatusOK, plan.Editor(view))
}

// postPlan saves what a webinar says. Once it is live, points and rule are not asked for and stay.
func (s *server) postPlan(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	view, err := s.planView(r)
	if err != nil {
		return err
	}
	view.Form = f
	if f.Get("do") == "preview" {
		return s.previewPlan(w, r, view)
	}
	card := view.Plan.GetPlan().GetCard()
	points, rule := card.GetHundredths(), view.Plan.GetRule().GetId()
	if card.GetState() == "planned" {
		points, rule = hundredths(f, "hundredths"), f.Get("credit_rule_id")
		err = stepped(r.Context(), f, view.Rules)
	}
	if err == nil {
		_, err = s.webinars.EditWebinar(r.Context(), &bffpb.EditWebinarRequest{
			RequestId: f.Key.String(), Id: card.GetId(), Version: count(f, "version"), Title: f.Get("title"), Description: f.Get("description"),
			LecturerId: f.Get("lecturer_id"), CategoryId: f.Get("category_id"), Hundredths: points, CreditRuleId: rule, VideoUrl: f.Get("video_url"),
		})
	}
	if err != nil && refused(err) {
		if errs.HasCode(err, "webinar.version") { // the next save is of what is shown beside it
			view.Theirs = true
			f = f.Set("version", strconv.Itoa(int(view.Plan.GetVersion())))
			f.Key = s.newID()
		}
		view.Form = f.Fail(plan.InOrder(err))
		return s.show(w, r, view.Form.Status(), plan.Editor(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "desk.saved"})
	return web.Redirect(w, r, "/backoffice/webinars/"+card.GetId(), "/backoffice/webinars")
}

// webinarsComing is a line of the work list: what is on in the next seven days.
func (s *server) webinarsComing(ctx context.Context) (backoffice.Task, error) {
	list, err := s.webinars.Webinars(ctx, &bffpb.WebinarsRequest{When: "upcoming", PageSize: 100})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "plan.title")}, err
	}
	n, week := 0, s.now().Add(7*24*time.Hour)
	for _, one := range list.GetWebinars() {
		if one.GetState() == "planned" && one.GetStartsAt().AsTime().Before(week) {
			n++
		}
	}
	return backoffice.Task{Label: i18n.Say(ctx, "plan.work_week", "count", n), Href: "/backoffice/webinars?state=planned", Count: n, Calm: true}, nil
}

// pointsDue is a line of the work list: ended webinars whose points wait to be requested. It looks at the last hundred.
func (s *server) pointsDue(ctx context.Context) (backoffice.Task, error) {
	return s.ended(ctx, "due", "plan.work_due")
}

// attendanceMissing is a line of the work list: ended webinars whose attendance is not evaluated.
func (s *server) attendanceMissing(ctx context.Context) (backoffice.Task, error) {
	return s.ended(ctx, "", "plan.work_unevaluated")
}

func (s *server) ended(ctx context.Context, points string, key i18n.Key) (backoffice.Task, error) {
	list, err := s.webinars.WebinarPlans(ctx, &bffpb.WebinarPlansRequest{State: "ended", PageSize: 100})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "points.points")}, err
	}
	n := 0
	for _, one := range list.GetPlans() {
		if one.GetPoints() == points {
			n++
		}
	}
	return backoffice.Task{Label: i18n.Say(ctx, key, "count", n), Href: "/backoffice/webinars?state=ended", Count: n}, nil
}

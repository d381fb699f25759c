package ssr

import (
	"net/http"
	"strconv"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// rulesView is the page of the rules; a next version begins as the one before it, a new rule with what Rounds proposes.
func (s *server) rulesView(r *http.Request, id string) (plan.RulesView, error) {
	view := plan.RulesView{Form: form.New(s.newID())}
	list, err := s.webinars.CreditRules(r.Context(), &bffpb.CreditRulesRequest{})
	if err != nil {
		return view, err
	}
	view.Rules = list.GetRules()
	for _, one := range view.Rules {
		if one.GetId() == id {
			view.Next = one
		}
	}
	return view, nil
}

func (s *server) creditRules(w http.ResponseWriter, r *http.Request) error {
	view, err := s.rulesView(r, r.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	rule := view.Next
	if rule == nil {
		d := credit.Default()
		rule = &bffpb.CreditRule{
			MinPercent: small(d.MinPercent), MinChecksPercent: small(d.MinChecksPercent), ChecksPerHour: small(d.ChecksPerHour),
			CheckWindow: small(d.CheckWindow), ReconnectGrace: small(d.ReconnectGrace), Award: string(d.Award), MinutesPerPoint: small(d.MinutesPerPoint),
			CreditStep: small(d.CreditStep), DailyCap: small(d.DailyCap),
		}
	}
	for name, value := range map[string]int32{
		"min_percent": rule.GetMinPercent(), "min_checks_percent": rule.GetMinChecksPercent(), "checks_per_hour": rule.GetChecksPerHour(),
		"check_window": rule.GetCheckWindow(), "reconnect_grace": rule.GetReconnectGrace(), "minutes_per_point": rule.GetMinutesPerPoint(),
	} {
		view.Form.Set(name, strconv.Itoa(int(value)))
	}
	view.Form.Set("award", rule.GetAward()).Set("credit_step", plan.Points(r.Context(), rule.GetCreditStep())).
		Set("daily_cap", plan.Points(r.Context(), rule.GetDailyCap()))
	return s.show(w, r, http.StatusOK, plan.Rules(view))
}

// small is for what the default rule holds.
func small[N ~int | ~int64](n N) int32 { return int32(n) } //nolint:gosec // constants of the default rule

// postRule makes a rule, or the next version of one.
func (s *server) postRule(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	view, err := s.rulesView(r, f.Get("id"))
	if err != nil {
		return err
	}
	view.Form = f
	name := f.Get("name")
	if view.Next != nil {
		name = view.Next.GetName()
	} else {
		err = newName(name, view.Rules)
	}
	if err == nil {
		_, err = s.webinars.SaveCreditRule(r.Context(), &bffpb.SaveCreditRuleRequest{
			RequestId: f.Key.String(), Name: name, MinPercent: count(f, "min_percent"), MinChecksPercent: count(f, "min_checks_percent"),
			ChecksPerHour: count(f, "checks_per_hour"), CheckWindow: count(f, "check_window"), ReconnectGrace: count(f, "reconnect_grace"),
			Award: f.Get("award"), MinutesPerPoint: count(f, "minutes_per_point"), CreditStep: hundredths(f, "credit_step"),
			DailyCap: hundredths(f, "daily_cap"),
		})
	}
	if err != nil && refused(err) {
		view.Form = f.Fail(plan.InOrder(plan.SayBounds(r.Context(), err)))
		return s.show(w, r, view.Form.Status(), plan.Rules(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "plan.rule_saved"})
	return web.Redirect(w, r, "/backoffice/rules", "/backoffice")
}

// newName keeps a new rule from becoming the next version of another one by accident.
func newName(name string, rules []*bffpb.CreditRule) error {
	for _, one := range rules {
		if one.GetName() == name {
			return errs.New(errs.Conflict, errs.CodeInput, errs.CheckFields).
				Field("name", "rule.exists", "There is a rule of this name. Make its next version, or choose another name.")
		}
	}
	return nil
}

package ssr

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/page/rule"
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
	if view.Next != nil || id == "" {
		return view, nil
	}
	// It may be a version that was the newest when the page was loaded, or one too far down the alphabet for the list.
	older, err := s.webinars.CreditRuleVersions(r.Context(), &bffpb.CreditRuleVersionsRequest{Id: id})
	if errs.KindOf(err) == errs.NotFound {
		return view, nil
	}
	if err == nil && len(older.GetVersions()) > 0 {
		view.Next = older.GetVersions()[0].GetRule()
	}
	return view, err
}

func (s *server) creditRules(w http.ResponseWriter, r *http.Request) error {
	view, err := s.rulesView(r, r.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	first := view.Next
	if first == nil {
		first = proposed()
	}
	view.Form = typedRule(r.Context(), view.Form, r.URL.Query(), first)
	return s.show(w, r, http.StatusOK, plan.Rules(view))
}

// proposed is what a new rule begins with.
func proposed() *bffpb.CreditRule {
	d := credit.Default()
	return &bffpb.CreditRule{
		MinPercent: small(d.MinPercent), MinChecksPercent: small(d.MinChecksPercent), ChecksPerHour: small(d.ChecksPerHour),
		CheckWindow: small(d.CheckWindow), ReconnectGrace: small(d.ReconnectGrace), Award: string(d.Award), MinutesPerPoint: small(d.MinutesPerPoint),
		CreditStep: small(d.CreditStep), DailyCap: small(d.DailyCap), ReconnectPercent: proto.Int32(small(d.ReconnectPercent)),
	}
}

// typedRule fills the fields of a rule: with what the address says, and otherwise with those of a rule that there is.
func typedRule(ctx context.Context, f form.Form, typed url.Values, first *bffpb.CreditRule) form.Form {
	for name, value := range map[string]int32{
		"min_percent": first.GetMinPercent(), "min_checks_percent": first.GetMinChecksPercent(), "checks_per_hour": first.GetChecksPerHour(),
		"check_window": first.GetCheckWindow(), "reconnect_grace": first.GetReconnectGrace(), "minutes_per_point": first.GetMinutesPerPoint(),
		"reconnect_percent": first.GetReconnectPercent(),
	} {
		f.Set(name, strconv.Itoa(int(value)))
	}
	f.Set("award", first.GetAward()).Set("credit_step", plan.Points(ctx, first.GetCreditStep())).Set("daily_cap", plan.Points(ctx, first.GetDailyCap()))
	for _, name := range append([]string{"id", "name"}, rule.Terms()...) {
		if value := valid(typed.Get(name)); value != "" {
			f.Set(name, value)
		}
	}
	return f
}

// ruleOf is what was typed; what is no number is none that a rule may have.
func ruleOf(f form.Form) *bffpb.CreditRule {
	return &bffpb.CreditRule{
		MinPercent: count(f, "min_percent"), MinChecksPercent: count(f, "min_checks_percent"), ChecksPerHour: count(f, "checks_per_hour"),
		CheckWindow: count(f, "check_window"), ReconnectGrace: count(f, "reconnect_grace"), Award: f.Get("award"),
		MinutesPerPoint: count(f, "minutes_per_point"), CreditStep: hundredths(f, "credit_step"), DailyCap: hundredths(f, "daily_cap"),
		ReconnectPercent: proto.Int32(count(f, "reconnect_percent")),
	}
}

// small is for what the default rule holds.
func small[N ~int | ~int64](n N) int32 { return int32(n) } //nolint:gosec // constants of the default rule

// postRule makes a rule. A next version of one is shown beside what was held under the older ones first.
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
	if view.Next != nil && !f.Checked("sure") {
		// Data management finds what is wrong, as it does when the version is saved.
		if _, err = s.compared(r, f, view.Next, 1); err == nil {
			return web.Redirect(w, r, rule.Address(rule.ComparePath(view.Next), f), "/backoffice/rules")
		}
	} else {
		err = s.saveRule(r, f, view)
	}
	if err != nil && refused(err) {
		if errs.HasCode(err, "rule.version") { // the page shows the one that is the newest now
			view.Form.Key = s.newID()
		}
		view.Form = view.Form.Fail(plan.InOrder(plan.SayBounds(r.Context(), err)))
		return s.show(w, r, view.Form.Status(), plan.Rules(view))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "plan.rule_saved"})
	return web.Redirect(w, r, "/backoffice/rules", "/backoffice")
}

func (s *server) saveRule(r *http.Request, f form.Form, view plan.RulesView) error {
	is := ruleOf(f)
	in := &bffpb.SaveCreditRuleRequest{
		RequestId: f.Key.String(), Name: f.Get("name"), MinPercent: is.GetMinPercent(), MinChecksPercent: is.GetMinChecksPercent(),
		ChecksPerHour: is.GetChecksPerHour(), CheckWindow: is.GetCheckWindow(), ReconnectGrace: is.GetReconnectGrace(), Award: is.GetAward(),
		MinutesPerPoint: is.GetMinutesPerPoint(), CreditStep: is.GetCreditStep(), DailyCap: is.GetDailyCap(),
		ReconnectPercent: is.ReconnectPercent,
	}
	if view.Next == nil {
		if err := newName(in.GetName(), view.Rules); err != nil {
			return err
		}
	} else {
		in.Name, in.BaseVersion, in.Compared = view.Next.GetName(), max(count(f, "base"), 1), held(f.Get("held"))
	}
	_, err := s.webinars.SaveCreditRule(r.Context(), in)
	return err
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

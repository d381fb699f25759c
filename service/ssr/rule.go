package ssr

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/simulation"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/plan"
	"github.com/rounds-cme/rounds/service/ssr/page/rule"
)

const fewWebinars = "5" // are compared when nothing else was chosen

// dryRun plays a webinar with invented viewers against the rule in the address. It changes nothing, so it is a page like any other.
func (s *server) dryRun(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query()
	rules, err := s.rulesView(r, typed.Get("id"))
	if err != nil {
		return err
	}
	first := rules.Next
	if first == nil {
		first = proposed()
	}
	view := rule.DryRunView{Form: typedRule(r.Context(), form.New(s.newID()), typed, first)}
	if rules.Next != nil {
		view.Name, view.Version = rules.Next.GetName(), rules.Next.GetVersion()
	}
	proposal := map[string]string{"viewers": "1000", "minutes": "60", "seed": "1", "outage_after": "", "outage_minutes": ""}
	for _, b := range rule.Honest() {
		proposal[rule.ShareField(b)] = strconv.Itoa(simulation.DefaultShares()[b])
	}
	for name, value := range proposedSegments(typed) {
		proposal[name] = value
	}
	for name, value := range proposal {
		if typed.Has(name) {
			value = valid(typed.Get(name))
		}
		view.Form.Set(name, value)
	}
	view.Rule = ruleOf(view.Form)
	view.Setup = setupOf(view.Form)
	if _, seedless := strconv.ParseUint(view.Form.Get("seed"), 10, 32); seedless != nil {
		view.Form = view.Form.Fail(errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("seed", "rule.seed", "Enter a whole number from 0 to 4294967295."))
		return s.show(w, r, view.Form.Status(), rule.DryRun(view))
	}
	view.Report, err = s.webinars.SimulateWebinar(r.Context(), simulated(view.Rule, view.Setup))
	if err != nil && (refused(err) || errs.KindOf(err) == errs.TooMany) { // the machine may be busy just now
		view.Form = view.Form.Fail(rule.SayBounds(r.Context(), view.Setup, err))
		return s.show(w, r, view.Form.Status(), rule.DryRun(view))
	}
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, rule.DryRun(view))
}

// proposedSegments are those of an evening of the length that was typed.
func proposedSegments(typed url.Values) map[string]string {
	proposal := map[string]string{}
	for _, kind := range rule.Segments() {
		after, minutes := rule.SegmentFields(kind)
		proposal[after], proposal[minutes] = "", ""
	}
	length, err := strconv.Atoi(typed.Get("minutes"))
	if err != nil {
		length = 60
	}
	for _, part := range simulation.DefaultSegments(length) {
		after, minutes := rule.SegmentFields(part.Kind)
		proposal[after], proposal[minutes] = strconv.Itoa(part.After), strconv.Itoa(part.Minutes)
	}
	return proposal
}

// valid makes text of what stands in an address; bytes that are none come from no browser.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// setupOf is what was typed of the viewers; what is no number is none that may be.
func setupOf(f form.Form) simulation.Setup {
	setup := simulation.Setup{Viewers: int(count(f, "viewers")), Minutes: int(count(f, "minutes")), Shares: simulation.Shares{}}
	if seed, err := strconv.ParseUint(f.Get("seed"), 10, 32); err == nil {
		setup.Seed = seed
	}
	for _, b := range rule.Honest() {
		setup.Shares[b] = int(count(f, rule.ShareField(b)))
		if f.Get(rule.ShareField(b)) == "" {
			setup.Shares[b] = 0
		}
	}
	for _, kind := range rule.Segments() {
		after, minutes := rule.SegmentFields(kind)
		if f.Get(after) != "" || f.Get(minutes) != "" {
			setup.Segments = append(setup.Segments, simulation.Segment{Kind: kind, After: int(count(f, after)), Minutes: int(count(f, minutes))})
		}
	}
	if f.Get("outage_after") != "" || f.Get("outage_minutes") != "" {
		setup.Outage = simulation.Outage{After: int(count(f, "outage_after")), Minutes: int(count(f, "outage_minutes"))}
	}
	return setup
}

func simulated(is *bffpb.CreditRule, setup simulation.Setup) *bffpb.SimulateWebinarRequest {
	in := &bffpb.SimulateWebinarRequest{
		Rule: is, Viewers: small(setup.Viewers), Minutes: small(setup.Minutes), Seed: uint32(setup.Seed), //nolint:gosec // parsed as 32 bits
		OutageAfter: small(setup.Outage.After), OutageMinutes: small(setup.Outage.Minutes), Shares: map[string]int32{},
	}
	for _, part := range setup.Segments {
		in.Segments = append(in.Segments, &bffpb.SimulatedSegment{Kind: string(part.Kind), After: small(part.After), Minutes: small(part.Minutes)})
	}
	for b, share := range setup.Shares {
		in.Shares[string(b)] = small(share)
	}
	return in
}

// compareRule shows what a next version would have made of webinars that were held.
func (s *server) compareRule(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query()
	rules, err := s.rulesView(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	if rules.Next == nil {
		return errs.New(errs.NotFound, "http.not_found", "There is no page at this address.")
	}
	f := typedRule(r.Context(), rules.Form, typed, rules.Next)
	f.Set("held", valid(typed.Get("held"))).Set("id", rules.Next.GetId())
	if f.Get("held") == "" {
		f.Set("held", fewWebinars)
	}
	page, err := strconv.ParseInt(typed.Get("page"), 10, 32)
	if err != nil {
		page = 1
	}
	found, err := s.compared(r, f, rules.Next, int32(page))
	if err != nil && (refused(err) || errs.KindOf(err) == errs.TooMany) {
		rules.Form = f.Fail(plan.InOrder(plan.SayBounds(r.Context(), err)))
		return s.show(w, r, rules.Form.Status(), plan.Rules(rules))
	}
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, rule.Compare(rule.CompareView{Form: f, Was: rules.Next, Rule: ruleOf(f), Held: f.Get("held"), Find: found}))
}

func (s *server) compared(r *http.Request, f form.Form, was *bffpb.CreditRule, page int32) (*bffpb.CompareCreditRuleResponse, error) {
	return s.webinars.CompareCreditRule(r.Context(), &bffpb.CompareCreditRuleRequest{
		Name: was.GetName(), Rule: ruleOf(f), Held: held(f.Get("held")), Page: page,
	})
}

// held reads what is compared: a number of webinars, or the id of one.
func held(chosen string) *bffpb.HeldWebinars {
	if last, err := strconv.ParseInt(chosen, 10, 32); err == nil {
		return &bffpb.HeldWebinars{Last: int32(last)}
	}
	return &bffpb.HeldWebinars{WebinarId: chosen}
}

// ruleVersions are all versions of a rule, with what each was compared with.
func (s *server) ruleVersions(w http.ResponseWriter, r *http.Request) error {
	versions, err := s.webinars.CreditRuleVersions(r.Context(), &bffpb.CreditRuleVersionsRequest{Id: r.PathValue("id")})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, rule.Versions(rule.VersionsView{Versions: versions}))
}

package ssr_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

const ruleID = "00000000-0000-7000-8000-000000000001"

// backoffice is a house in which a rule has two versions and one webinar was held.
func backoffice(t *testing.T) *theatre {
	t.Helper()
	rule := standardRule()
	rule.Id, rule.Name, rule.Version = ruleID, "Standard", 2
	held := &bffpb.HeldWebinar{Id: "0192f0c1-0000-7000-8000-000000000009", Slug: "sepsis", Title: "Sepsis <b>", StartedAt: timestamppb.New(now), RuleVersion: 1, People: 60}
	effect := &bffpb.RuleEffect{Webinar: held, Gained: 1, Lost: 2, PassedBefore: 40, PassedAfter: 39, HundredthsBefore: 6000, HundredthsAfter: 5850}
	return newTheatre(t, figures{
		bffpb.Webinars_CreditRules_FullMethodName: &bffpb.CreditRulesResponse{Rules: []*bffpb.CreditRule{rule}},
		bffpb.Webinars_CompareCreditRule_FullMethodName: &bffpb.CompareCreditRuleResponse{
			Version: 2, Page: 2, Pages: 3, Choices: []*bffpb.HeldWebinar{held}, Effects: []*bffpb.RuleEffect{effect},
			Changes: []*bffpb.RuleChange{
				{WebinarId: held.GetId(), AccountId: "a", Name: "Bor <i>", PassedBefore: true, HundredthsBefore: 150, Reasons: []*bffpb.RuleReason{{Code: "minutes", State: "unmet", Have: 50, Of: 60, More: 4}}},
				{WebinarId: held.GetId(), AccountId: "b", Name: "Ana", Gains: true, PassedAfter: true, HundredthsAfter: 150, Reasons: []*bffpb.RuleReason{{Code: "checks", State: "unmet", Have: 1, Of: 3, More: 1}}},
				{WebinarId: held.GetId(), AccountId: "c", Name: "Cvetka", PassedBefore: true, PassedAfter: true, HundredthsBefore: 150, HundredthsAfter: 100},
			},
		},
		bffpb.Webinars_SaveCreditRule_FullMethodName: &bffpb.SaveCreditRuleResponse{Version: 3},
		bffpb.Webinars_CreditRuleVersions_FullMethodName: &bffpb.CreditRuleVersionsResponse{Name: "Standard", Versions: []*bffpb.CreditRuleVersion{
			{Rule: rule, SavedAt: timestamppb.New(now), SavedBy: "Chief <u>", Webinars: 3, Effects: []*bffpb.RuleEffect{effect}},
		}},
		bffpb.Webinars_SimulateWebinar_FullMethodName: &bffpb.SimulateWebinarResponse{
			Creditable: 3300, LeftOut: 300, Uncreditable: 480, Passed: 700, Groups: []*bffpb.SimulatedGroup{
				{Behaviour: "late", People: 120, Passed: 40, Credited: 2880, Truth: 2881, Reasons: []*bffpb.SimulatedReason{{Code: "minutes", People: 80, Have: 40, Need: 48}}},
				{Behaviour: "bouncing", Cheat: true, People: 3, Passed: 3, Credited: 3598, Truth: 350, Excess: 3248, Unasked: 3, Refused: map[string]int32{"not_joined": 7}},
			},
		},
	})
}

func TestDryRunPage(t *testing.T) {
	t.Parallel()
	h := backoffice(t)
	h.page("/backoffice/rules/dry-run?id="+ruleID+"&min_percent=85&credit_step=0,25&viewers=500&outage_after=10&outage_minutes=5&sponsor_after=50&sponsor_minutes=3&seed=9", token.Administrator, []string{
		"Standard, version 2", "Watch at least 85 %", "700 of 500 would pass", "took 5:00 from the programme of everybody; 55:00 count",
		"Too few minutes: 80 (on average 40 of 48 needed)", "Heartbeats refused, never joined: 7", "54:08 are credited in which nothing played", "never more than 10 % of the programme", "All of them together count up to 10 % of the programme",
		"3 would pass without having answered", "48:00", "8:00 of breaks and sponsors count for nobody; 60:00 of the programme are creditable", `href="/backoffice/rules?award=event`,
	}, nil)
	asked := last[*bffpb.SimulateWebinarRequest](t, h.programme)
	if asked.GetViewers() != 500 || asked.GetMinutes() != 60 || asked.GetSeed() != 9 || asked.GetRule().GetMinPercent() != 85 || asked.GetRule().GetCreditStep() != 25 ||
		asked.GetOutageAfter() != 10 || asked.GetOutageMinutes() != 5 || asked.GetShares()["honest"] != 46 || asked.GetShares()["cheats"] != 5 ||
		len(asked.GetSegments()) != 2 || asked.GetSegments()[0].GetKind() != "break" || asked.GetSegments()[0].GetAfter() != 30 || asked.GetSegments()[0].GetMinutes() != 5 ||
		asked.GetSegments()[1].GetKind() != "sponsor" || asked.GetSegments()[1].GetAfter() != 50 || asked.GetSegments()[1].GetMinutes() != 3 {
		t.Errorf("asked %+v", asked)
	}
	h.fails[bffpb.Webinars_SimulateWebinar_FullMethodName] = errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
		Field("viewers", "rule.range", "Enter a number from 1 to 1000.").Field("min_percent", "rule.range", "Enter a number from 1 to 100.")
	answer, page := h.send(http.MethodGet, "/backoffice/rules/dry-run?viewers=many&min_percent=x", token.Administrator, nil)
	for _, want := range []string{"Viewers: enter a whole number from 1 to 1000.", "Share to be watched, in percent: enter a whole number from 1 to 100.", `value="many"`} {
		if answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, want) {
			t.Errorf("%d, %q is missing", answer.StatusCode, want)
		}
	}
}

// Either decimal sign is read alike, and a number that is none names its field, with the way to it.
func TestNumbersAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	h := backoffice(t)
	h.page("/backoffice/rules/dry-run?min_percent=75,0&credit_step=0.25&daily_cap=7,5", token.Administrator, []string{"Watch at least 75 %"}, nil)
	if is := last[*bffpb.SimulateWebinarRequest](t, h.programme).GetRule(); is.GetMinPercent() != 75 || is.GetCreditStep() != 25 || is.GetDailyCap() != 750 {
		t.Errorf("asked %+v", is)
	}
	h.fails[bffpb.Webinars_SaveCreditRule_FullMethodName] = errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
		Field("min_percent", "rule.range", "Enter a number from 1 to 100.").Field("daily_cap", "rule.range", "Enter a number.").Field("name", "content.empty", "This may not be empty.")
	answer, page := h.send(http.MethodPost, "/backoffice/rules", token.Administrator, url.Values{"min_percent": {"75,5"}, "daily_cap": {"7,555"}})
	for _, want := range []string{
		`href="#f-name">Name: This may not be empty.`, `href="#f-min_percent">Share to be watched, in percent: enter a whole number from 1 to 100.`, `value="75,5"`,
		`href="#f-daily_cap">Most points on one day: enter a number from 0 to 100, with at most two decimals.`,
	} {
		if answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, want) {
			t.Errorf("%d, %q is missing", answer.StatusCode, want)
		}
	}
	if is := last[*bffpb.SaveCreditRuleRequest](t, h.programme); is.GetMinPercent() != -1 || is.GetDailyCap() != -1 {
		t.Errorf("asked %+v", is)
	}
	if answer, page = h.send(http.MethodGet, "/backoffice/rules/dry-run?seed=1,5", token.Administrator, nil); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, `href="#f-seed"`) {
		t.Errorf("%d", answer.StatusCode)
	}
}

func TestComparePage(t *testing.T) {
	t.Parallel()
	h := backoffice(t)
	h.page("/backoffice/rules/"+ruleID+"/compare?min_percent=85&checks_per_hour=4&reconnect_percent=5&page=2&held=3", token.Administrator, []string{
		"Standard: version 3 compared", "Share of the programme that lost connections may make up", "What is frozen stays frozen", "1 would have gained, 2 would have lost", "Sepsis &lt;b&gt;", "Bor &lt;i&gt;", "−1.5",
		"no longer enough: ", "not enough before: ", "fulfilled both ways, only the amount differs", "Save as version 3", `name="base" value="2"`,
		`name="held" value="3"`, "cannot be asked again", `rel="next"`, "page=3", "page=1", "The last 3 webinars",
	}, []string{"<i>"})
	if asked := last[*bffpb.CompareCreditRuleRequest](t, h.programme); asked.GetPage() != 2 || asked.GetHeld().GetLast() != 3 || asked.GetName() != "Standard" || asked.GetRule().GetMinPercent() != 85 {
		t.Errorf("asked %+v", asked)
	}
	if answer, _ := h.send(http.MethodGet, "/backoffice/rules/"+ruleID+"/compare", token.Member, nil); answer.StatusCode == http.StatusOK {
		t.Error("a member reads who gains and who loses")
	}
	h.page("/backoffice/rules/"+ruleID, token.Administrator, []string{"Standard: all versions", "saved by Chief &lt;u&gt;", "3 webinars use it", "What was shown before it was saved"}, nil)
}

func TestRuleForm(t *testing.T) {
	t.Parallel()
	h := backoffice(t)
	h.page("/backoffice/rules?id="+ruleID, token.Administrator, []string{
		`name="reconnect_percent" type="text" value="10"`, "0 means no limit. From 0 to 100.",
	}, nil)
}

// The form of a next version leads to the comparison, and only the button there saves, with the version that was seen and what was compared.
func TestNextVersionIsComparedFirst(t *testing.T) {
	t.Parallel()
	h := backoffice(t)
	form := url.Values{
		"id": {ruleID}, "base": {"2"}, "min_percent": {"85"}, "checks_per_hour": {"3"}, "min_checks_percent": {"75"}, "check_window": {"75"}, "reconnect_grace": {"60"}, "reconnect_percent": {"15"},
		"award": {"event"}, "minutes_per_point": {"60"}, "credit_step": {"0.5"}, "daily_cap": {"8"},
	}
	answer, _ := h.send(http.MethodPost, "/backoffice/rules", token.Administrator, form)
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/backoffice/rules/"+ruleID+"/compare?") || !strings.Contains(to, "min_percent=85") {
		t.Fatalf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	for _, asked := range h.asked {
		if _, saved := asked.(*bffpb.SaveCreditRuleRequest); saved {
			t.Fatal("saved before it was compared")
		}
	}
	form.Set("sure", "yes")
	form.Set("held", "0192f0c1-0000-7000-8000-000000000009")
	answer, _ = h.send(http.MethodPost, "/backoffice/rules", token.Administrator, form)
	saved := last[*bffpb.SaveCreditRuleRequest](t, h.programme)
	if answer.StatusCode != http.StatusSeeOther || saved.GetName() != "Standard" || saved.GetBaseVersion() != 2 || saved.GetReconnectPercent() != 15 || saved.GetCompared().GetWebinarId() != form.Get("held") {
		t.Errorf("%d, saved %+v", answer.StatusCode, saved)
	}
	h.fails[bffpb.Webinars_SaveCreditRule_FullMethodName] = errs.New(errs.Conflict, "rule.version", "Somebody else.")
	answer, page := h.send(http.MethodPost, "/backoffice/rules", token.Administrator, form)
	if answer.StatusCode != http.StatusConflict || !strings.Contains(page, "Somebody else saved a version of this rule") || !strings.Contains(page, `value="85"`) {
		t.Errorf("%d", answer.StatusCode)
	}
}

package bff_test

import (
	"slices"
	"testing"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// TestHosted lists what somebody may host: everything for hosts and administrators, one's own lectures for everybody else.
func TestHosted(t *testing.T) {
	t.Parallel()
	p := newProgramme(t)
	list := func(own bool, state string, roles ...string) []string {
		t.Helper()
		var all []string
		q := &bffpb.HostedRequest{State: state, Own: own, PageSize: 1}
		for {
			answer, err := p.hosting.Hosted(p.as(roles...), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range answer.GetWebinars() {
				all = append(all, w.GetSlug())
			}
			if q.PageToken = answer.GetNextPageToken(); q.GetPageToken() == "" {
				return all
			}
		}
	}
	same := func(got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
	}
	same(list(false, "planned", token.Host), "soon", "later")
	same(list(false, "live", token.Administrator), "now")
	same(list(false, "ended", token.Host), "last", "first")
	same(list(true, "planned", token.Host))
	same(list(false, "planned", token.Member))
	if _, err := p.hosting.Stage(p.as(token.Member), &bffpb.StageRequest{Slug: "soon"}); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("a member who lectures in nothing: %v", err)
	}

	p.exec(`UPDATE datamanagement.lecturer SET account_id = $1`, p.ana)
	same(list(true, "planned", token.Host), "soon", "later")
	same(list(false, "planned", token.Member), "soon", "later")
	same(list(false, "ended", token.Member), "last", "first")
	stage, err := p.hosting.Stage(p.as(token.Member), &bffpb.StageRequest{Slug: "now"})
	if err != nil || stage.GetCard().GetState() != "live" || stage.GetStartedAt() == nil {
		t.Errorf("the lecturer's own: %v %v", stage, err)
	}
	if _, err := p.hosting.Stage(p.as(token.Host), &bffpb.StageRequest{Slug: "nothing"}); errs.KindOf(err) != errs.NotFound {
		t.Errorf("what there is not: %v", err)
	}
	if _, err := p.hosting.Hosted(p.as(token.Host), &bffpb.HostedRequest{State: "cancelled"}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a list that there is not: %v", err)
	}
}

package ssr_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// Administrators read in words that somebody may have evaded checks, in the list of a webinar and beside an appeal.
func TestEvasionInWords(t *testing.T) {
	t.Parallel()
	evasion := &bffpb.Evasion{Checks: []int32{1, 3}, Sent: 4}
	h := newTheatre(t, figures{
		bffpb.Points_Webinar_FullMethodName: &bffpb.PointsWebinarResponse{
			Slug: "sepsis", State: "ended", EvaluatedAt: timestamppb.Now(), Viewers: 2, Results: []*bffpb.PointsResult{{AccountId: "a", Name: "Ana"}, {AccountId: "b", Name: "Bor", Evasion: evasion}},
		},
		bffpb.Points_AppealCase_FullMethodName: &bffpb.PointsAppealCaseResponse{
			Appeal: &bffpb.Appeal{Id: "a", Name: "Bor", State: "open"}, Evidence: &bffpb.PointsEvidenceResponse{}, Evasion: evasion,
		},
	})
	for path, want := range map[string]string{
		"/backoffice/webinars/sepsis/points":                       "Connection lost at 2 of 4 checks",
		"/backoffice/appeals/01970000-0000-7000-8000-000000000001": "It broke about when these checks came: 1, 3.",
	} {
		answer, page := h.send(http.MethodGet, path, token.Administrator, nil)
		if answer.StatusCode != http.StatusOK || !strings.Contains(page, want) || strings.Count(page, "data-evasion") != 1 {
			t.Errorf("%s answers %d without %q", path, answer.StatusCode, want)
		}
	}
}

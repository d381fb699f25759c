package ssr_test

import (
	"net/http"
	"testing"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/token"
)

// The file for an agency has a line for each person, and another one for what an appeal gave.
func TestPointsFileListsCorrections(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{bffpb.Points_Webinar_FullMethodName: &bffpb.PointsWebinarResponse{
		Slug: "sepsis",
		Results: []*bffpb.PointsResult{
			{AccountId: "a", Name: "Ana", LicenceNumber: "0029001", Profession: "nurse", Country: "SI", Seconds: 3540, ChecksAnswered: 3, ChecksCounted: 3, Qualified: true, Hundredths: 150},
			{AccountId: "b", Name: "=Bor", LicenceNumber: "0029002", Profession: "doctor", Country: "SI", Seconds: 2400, ChecksAnswered: 1, ChecksCounted: 3},
		},
		Requests:    []*bffpb.AgencyRequest{{State: "accepted"}, {State: "refused"}},
		Corrections: []*bffpb.PointsCorrection{{AccountId: "b", Hundredths: 50, State: "sent"}},
	}})
	answer, file := h.send(http.MethodGet, "/backoffice/webinars/sepsis/points.csv", token.Administrator, nil)
	const want = "licence_number,name,profession,country,minutes,checks_answered,checks_counted,qualified,points,kind,state\n" +
		"0029001,Ana,nurse,SI,59,3,3,true,1.5,webinar,accepted\n" +
		"0029002,'=Bor,doctor,SI,40,1,3,false,0,webinar,accepted\n" +
		"0029002,'=Bor,doctor,SI,,,,true,0.5,correction,sent\n"
	if answer.StatusCode != http.StatusOK || file != want {
		t.Errorf("%d\n%s\nwant\n%s", answer.StatusCode, file, want)
	}
}

package ssr

import (
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/page/landing"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// landing is the first page of a visitor and the home of everybody else; an applicant sees where the application stands.
func (s *server) landing(w http.ResponseWriter, r *http.Request) error {
	who := reader.From(r.Context())
	if who.Has(token.Applicant) {
		return s.application(w, r)
	}
	var view landing.View
	blocks := func(upcoming int32, more ...func()) {
		all(append(more,
			func() { view.Live = s.shown(r, &bffpb.WebinarsRequest{When: webinar.Live, PageSize: onHome}) },
			func() { view.Next = s.shown(r, &bffpb.WebinarsRequest{When: webinar.Upcoming, PageSize: upcoming}) },
			func() { view.Articles, view.ArticlesMissing = s.newest(r.Context(), "") },
		)...)
	}
	if !who.LoggedIn {
		blocks(onLanding)
		return s.show(w, r, http.StatusOK, landing.Page(view))
	}
	own := []func(){func() {
		view.Followed = s.shown(r, &bffpb.WebinarsRequest{When: webinar.Upcoming, Followed: true, PageSize: onHome})
	}}
	if who.Has(token.Member) {
		own = append(own, func() { view.Points, view.PointsMissing = s.standing(r) })
	}
	blocks(onHome, own...)
	return s.show(w, r, http.StatusOK, landing.Home(view))
}

// shown is a short block of the first page.
func (s *server) shown(r *http.Request, q *bffpb.WebinarsRequest) webinar.Block {
	b, err := s.block(r.Context(), q)
	b.Missing = b.Missing || err != nil
	return b
}

// standing is how many points the reader has; the rest of the page stands without it.
func (s *server) standing(r *http.Request) (mine *bffpb.PersonalPoints, missing bool) {
	answer, err := s.points.Standing(r.Context(), &bffpb.PointsStandingRequest{})
	if err != nil {
		obs.Event(r.Context()).Set("points_missing", err.Error())
		return nil, true
	}
	return answer.GetPoints(), false
}

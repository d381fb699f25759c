package ssr

import (
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
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
	blocks(onHome, func() {
		view.Followed = s.shown(r, &bffpb.WebinarsRequest{When: webinar.Upcoming, Followed: true, PageSize: onHome})
	})
	return s.show(w, r, http.StatusOK, landing.Home(view))
}

// shown is a short block of the first page.
func (s *server) shown(r *http.Request, q *bffpb.WebinarsRequest) webinar.Block {
	b, err := s.block(r.Context(), q)
	b.Missing = b.Missing || err != nil
	return b
}

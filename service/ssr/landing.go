package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/page/landing"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// landing is the first page of a visitor; an applicant sees where the application stands.
func (s *server) landing(w http.ResponseWriter, r *http.Request) error {
	if reader.From(r.Context()).Has(token.Applicant) {
		return s.application(w, r)
	}
	return s.show(w, r, http.StatusOK, landing.Page(landing.View{WebinarsMissing: true}))
}

package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/service/ssr/page/landing"
)

// landing is the first page of a visitor.
func (s *server) landing(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, landing.Page(landing.View{WebinarsMissing: true}))
}

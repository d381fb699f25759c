package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// forAll is said of a page that whoever stands before us may keep for all visitors with the same choices: a moment, and a little longer
// while a newer one is made or none can be. Browsers ask each time. What is shown live must not be older than this.
const forAll = "public, max-age=0, s-maxage=1, stale-while-revalidate=5, stale-if-error=600"

// kept lets a page be kept when it was made for a visitor of whom nothing is known. It must have no form that changes anything: two
// people with the key of one form would count as one.
func kept(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := r.Cookie(web.AccessCookie)
		who := reader.From(r.Context())
		if err != nil && !who.LoggedIn && who.Notice == nil {
			w.Header().Set("Cache-Control", forAll)
		}
		return next(w, r)
	}
}

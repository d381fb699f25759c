package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// forAll is said of a page that a cache before us may keep for all visitors with the same choices: a moment, and a little longer while
// a newer one is made or none can be. What is shown live must not be older than this. It is said to a cache alone, which says that it is
// one: browsers would show what is old where the open connection has just told what is new.
const forAll = "public, max-age=0, s-maxage=1, stale-while-revalidate=5, stale-if-error=600"

// kept lets a page be kept when it was made for a visitor of whom nothing is known. It must have no form that changes anything: two
// people with the key of one form would count as one.
func kept(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := r.Cookie(web.AccessCookie)
		who := reader.From(r.Context())
		if r.Header.Get("Surrogate-Capability") != "" && err != nil && !who.LoggedIn && who.Notice == nil {
			w.Header().Set("Cache-Control", forAll)
		}
		return next(w, r)
	}
}

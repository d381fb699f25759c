package web

import (
	"net/http"
	"net/url"
	"strings"
)

const maxNext = 2 << 10

// SafeNext is the address to go on to after a login, or the fallback when next would leave the
// site. Browsers read "//host", "/\host" and addresses with tabs in them as other hosts, so only a
// plain local path passes.
func SafeNext(next, fallback string) string {
	if len(next) > maxNext || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return fallback
	}
	for _, r := range next {
		if r <= ' ' || r == '\\' || r == 0x7f || r == '\uFFFD' || (r >= 0x80 && r <= 0x9f) {
			return fallback
		}
	}
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return fallback
	}
	// What is hidden behind an escape is judged too: proxies may decode it.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\r\n\t\x00") {
		return fallback
	}
	return next
}

// Redirect sends the browser on to a local path with GET.
func Redirect(w http.ResponseWriter, r *http.Request, next, fallback string) error {
	http.Redirect(w, r, SafeNext(next, fallback), http.StatusSeeOther)
	return nil
}

// Repeat sends the browser on to a local path with the method and the body that it came with.
func Repeat(w http.ResponseWriter, r *http.Request, next, fallback string) error {
	http.Redirect(w, r, SafeNext(next, fallback), http.StatusTemporaryRedirect)
	return nil
}

// WithNext is a path with the present request as its next parameter.
func WithNext(path string, r *http.Request) string {
	return path + "?next=" + url.QueryEscape(SafeNext(r.URL.RequestURI(), "/"))
}

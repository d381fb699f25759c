package ssr_test

import (
	"net/http"
	"testing"
)

func TestSecretOfALinkStaysInTheBrowser(t *testing.T) {
	t.Parallel()
	h := newTheatre(t, figures{})
	for _, path := range []string{"/confirm?secret=once", "/reset?secret=once"} {
		answer, _ := h.send(http.MethodGet, path, "", nil)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Referrer-Policy") != "no-referrer" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
	}
}

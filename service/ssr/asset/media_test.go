package asset_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/service/ssr/asset"
)

func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	set, err := asset.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	if !set.Serve(w, r) {
		w.WriteHeader(http.StatusNotFound)
	}
	return w
}

func TestFilmCanBeJoinedInItsMiddle(t *testing.T) {
	t.Parallel()
	w := get(t, "/static/media/hand-hygiene.mp4", "Range", "bytes=1000-1999")
	if w.Code != http.StatusPartialContent || w.Body.Len() != 1000 || w.Header().Get("Content-Type") != "video/mp4" {
		t.Errorf("answered %d with %d bytes of %s", w.Code, w.Body.Len(), w.Header().Get("Content-Type"))
	}
}

// The index of the film stands before its pictures, so that it begins before it has been loaded; and it stays small,
// because it is part of the program.
func TestFilmIsSmallAndStartsFast(t *testing.T) {
	t.Parallel()
	film := get(t, "/static/media/hand-hygiene.mp4").Body.String()
	if index, pictures := strings.Index(film, "moov"), strings.Index(film, "mdat"); index < 0 || index > pictures {
		t.Errorf("the index is at %d, the pictures at %d", index, pictures)
	}
	if len(film) > 1_500_000 {
		t.Errorf("the film has %d bytes", len(film))
	}
}

func TestCaptionsInBothLanguages(t *testing.T) {
	t.Parallel()
	for language, word := range map[string]string{"en": "Five moments", "sl": "trenutek"} {
		w := get(t, "/static/media/hand-hygiene."+language+".vtt")
		if !strings.HasPrefix(w.Body.String(), "WEBVTT\n") || !strings.Contains(strings.ToLower(w.Body.String()), strings.ToLower(word)) {
			t.Errorf("captions %s: %d %q", language, w.Code, w.Body.String())
		}
	}
}

func TestNoOtherMedia(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/static/media/", "/static/media/none.mp4", "/static/media/../asset.go"} {
		if w := get(t, path); w.Code != http.StatusNotFound {
			t.Errorf("%s answered %d", path, w.Code)
		}
	}
}

func TestCaptions(t *testing.T) {
	t.Parallel()
	for film, want := range map[string]string{
		"/static/media/hand-hygiene.mp4":                   "/static/media/hand-hygiene.sl.vtt",
		"/static/media/other.mp4":                          "",
		"/static/media/../media/hand-hygiene.mp4":          "",
		"/video/hand-hygiene.mp4":                          "",
		"https://tv.example/static/media/hand-hygiene.mp4": "",
		"": "",
	} {
		if got := asset.Captions(film, "sl"); got != want {
			t.Errorf("the captions of %q are at %q, want %q", film, got, want)
		}
	}
	if got := asset.Captions("/static/media/hand-hygiene.mp4", "de"); got != "" {
		t.Errorf("captions in a language without any: %q", got)
	}
}

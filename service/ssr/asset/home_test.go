package asset_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rounds-cme/rounds/service/ssr/asset"
)

// What a phone needs to put Rounds on its home screen is there in each language, is what it says, and may be kept for ever.
func TestHomeScreen(t *testing.T) {
	t.Parallel()
	set, err := asset.Load()
	if err != nil {
		t.Fatal(err)
	}
	get := func(url, kind string) []byte {
		t.Helper()
		w := httptest.NewRecorder()
		if url == "" || !set.Serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)) {
			t.Fatalf("%q is not served", url)
		}
		if w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %v", url, w.Header())
		}
		return w.Body.Bytes()
	}
	told := map[string]bool{}
	for _, language := range []string{"en", "sl"} {
		var manifest struct {
			Lang, Description string
			Icons             []struct{ Src, Sizes, Type string }
		}
		if err := json.Unmarshal(get(set.URL("rounds."+language+".webmanifest"), "application/manifest+json"), &manifest); err != nil {
			t.Fatal(err)
		}
		told[manifest.Description] = true
		if manifest.Lang != language || manifest.Description == "" || len(manifest.Icons) != 2 {
			t.Errorf("%s: %+v", language, manifest)
		}
		for _, icon := range manifest.Icons {
			picture, err := png.Decode(bytes.NewReader(get(icon.Src, icon.Type)))
			if err != nil {
				t.Fatal(err)
			}
			if size := picture.Bounds().Size(); fmt.Sprintf("%dx%d", size.X, size.Y) != icon.Sizes {
				t.Errorf("%s has %v", icon.Src, size)
			}
		}
	}
	if len(told) != 2 {
		t.Error("both languages say the same")
	}
}

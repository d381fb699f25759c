package asset

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

// The demo film and its captions. They are not built, so their names carry no hash and they are kept for a day only. All
// of it was made by tools/demo.
//
//go:embed media
var media embed.FS

// serveMedia answers parts of a file too: a player that joins a lecture in its middle asks for the middle.
func serveMedia(w http.ResponseWriter, r *http.Request, name string) bool {
	content, err := media.ReadFile(name)
	if err != nil {
		return false
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("Content-Type", contentType(name))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return true
}

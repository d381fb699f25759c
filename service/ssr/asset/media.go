package asset

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"strings"
	"time"
)

// The demo film and its captions. They are not built, so their names carry no hash and they are kept for a day only. All
// of it was made by tools/demo.
//
//go:embed media
var media embed.FS

// Captions is the address of the captions of a film of this site in one language, empty when there are none. They stand
// beside the film and are named like it: lecture.mp4 has lecture.en.vtt and lecture.sl.vtt.
func Captions(film, language string) string {
	inside, ours := strings.CutPrefix(film, Prefix)
	if !ours || path.Clean(inside) != inside {
		return ""
	}
	name := strings.TrimSuffix(inside, path.Ext(inside)) + "." + language + ".vtt"
	if file, err := media.Open(name); err == nil {
		_ = file.Close() // it was only read
		return Prefix + name
	}
	return ""
}

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

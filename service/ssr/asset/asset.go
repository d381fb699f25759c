// Package asset holds what browsers load: the style sheet, the fonts and the scripts, built by
// tools/web and embedded here, and the demo film. A built file carries its content in its name, so browsers keep it
// for a year and never ask again; a page names a file by its plain name and gets the built one.
package asset

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed dist
var files embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// Set knows the built name of every file.
type Set struct{ built map[string]string }

// Load reads the manifest that the build wrote.
func Load() (*Set, error) {
	raw, err := files.ReadFile("dist/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("read the manifest of built files: %w", err)
	}
	s := &Set{}
	if err := json.Unmarshal(raw, &s.built); err != nil {
		return nil, fmt.Errorf("read the manifest of built files: %w", err)
	}
	return s, nil
}

// URL is the address of a file by its plain name, such as "app.css"; empty when it was not built.
func (s *Set) URL(name string) string {
	if s == nil || s.built[name] == "" {
		return ""
	}
	return Prefix + s.built[name]
}

// Serve answers a built file, to be kept for a year because a changed file has another name. It
// tells whether there is such a file.
func (s *Set) Serve(w http.ResponseWriter, r *http.Request) bool {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), Prefix)
	if strings.HasPrefix(name, "media/") {
		return serveMedia(w, r, name)
	}
	content, err := files.ReadFile("dist/" + name)
	if err != nil || name == "manifest.json" {
		return false
	}
	header := w.Header()
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Content-Type", contentType(name))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // the browser has left: nobody to tell
	}
	return true
}

// ServeWorker answers the service worker, which has one address for ever: browsers look there for a newer one.
func (s *Set) ServeWorker(w http.ResponseWriter) bool {
	content, err := files.ReadFile("dist/" + s.built["worker.js"])
	if err != nil {
		return false
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", contentType(".js"))
	_, _ = w.Write(content) // the browser has left: nobody to tell
	return true
}

// contentType does not ask the machine's own list of types, which differs from machine to machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".mp4":
		return "video/mp4"
	case ".vtt":
		return "text/vtt; charset=utf-8"
	}
	return "application/octet-stream"
}

package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/rounds-cme/rounds/kit/errs"
)

// Static serves embedded files. Each has a second name with the hash of its content in it, under
// which browsers may keep it for ever: a new version has a new name. The plain name works too and
// is asked for again each time.
type Static struct {
	prefix string
	files  map[string]*asset // by plain name
	hashed map[string]*asset // by name with hash
}

type asset struct {
	data   []byte
	kind   string
	hash   string
	hashed string
	zip    func() []byte // compressed once, when first asked for; nil: not worth it
}

const immutable = "public, max-age=31536000, immutable"

// NewStatic reads all files of an embedded tree, which is in memory already. The prefix is the path
// they are served under, such as "/static/".
func NewStatic(files fs.FS, prefix string) (*Static, error) {
	s := &Static{prefix: "/" + strings.Trim(prefix, "/") + "/", files: map[string]*asset{}, hashed: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		a := newAsset(name, data)
		s.files[name], s.hashed[a.hashed] = a, a
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	return s, nil
}

func newAsset(name string, data []byte) *asset {
	sum := sha256.Sum256(data)
	a := &asset{data: data, kind: contentType(name), hash: hex.EncodeToString(sum[:8])}
	ext := path.Ext(name)
	a.hashed = strings.TrimSuffix(name, ext) + "." + a.hash + ext
	if compressible(a.kind) && len(data) > 1024 {
		a.zip = sync.OnceValue(func() []byte { return zipped(data) })
	}
	return a
}

// URL is the address of a file under its hashed name. A name that is not there is a mistake in a
// template: the address then leads to a 404 that a test of the pages finds.
func (s *Static) URL(name string) string {
	if a, ok := s.files[name]; ok {
		return s.prefix + a.hashed
	}
	return s.prefix + name
}

// Register adds the files to a mux; they are public.
func (s *Static) Register(m *Mux) { m.Get(s.prefix+"{file...}", Public, s.Serve, Raw()) }

// Serve answers one file.
func (s *Static) Serve(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, s.prefix)
	a, keep := s.hashed[name], immutable
	if a == nil {
		a, keep = s.files[name], "public, no-cache"
	}
	if a == nil {
		return errs.New(errs.NotFound, "http.not_found", "There is no page at this address.")
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", keep)
	h.Set("Vary", "Accept-Encoding")
	data, tag := a.data, `"`+a.hash+`"`
	if a.zip != nil && r.Header.Get("Range") == "" && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		data, tag = a.zip(), `"`+a.hash+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}

// contentType does not ask the machine, whose tables differ.
func contentType(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".ico":
		return "image/x-icon"
	case ".map", ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".mp4":
		return "video/mp4"
	case ".m3u8":
		return "application/vnd.apple.mpegurl"
	case ".ts":
		return "video/mp2t"
	case ".vtt":
		return "text/vtt; charset=utf-8"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg") ||
		kind == "application/vnd.apple.mpegurl"
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil { // only for an invalid level
		panic(err)
	}
	_, _ = z.Write(data) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// acceptsGzip understands "gzip;q=0", which refuses it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

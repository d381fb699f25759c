package ssr

import (
	"net/http"

	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/asset"
)

// routes is every address that this service answers, and who may ask.
func (s *server) routes(o web.Options) *web.Mux {
	m := house{web.New(o), s}

	m.Get(asset.Prefix+"{file...}", web.Public, s.static)
	m.get("/{$}", web.Public, s.landing)
	m.get("/help", web.Public, s.help)
	m.get("/privacy", web.Public, s.privacy)
	m.get("/design", web.Public, s.design)
	m.post("/reader", web.Public, s.choose)

	m.get("/webinars/{slug}/room", web.Roles(token.Member, token.Host, token.Administrator), s.room)

	return m.Mux
}

// house registers pages: its verbs make the reader of each request before the handler runs.
type house struct {
	*web.Mux

	s *server
}

func (h house) get(pattern string, a web.Access, handler web.Handler) {
	h.Get(pattern, a, h.read(handler))
}

func (h house) post(pattern string, a web.Access, handler web.Handler, opts ...web.RouteOption) {
	h.Post(pattern, a, h.read(handler), opts...)
}

func (h house) read(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return next(w, h.s.reader.Make(w, r)) }
}

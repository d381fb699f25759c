package ssr

import (
	"io"
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/delivery"
	"github.com/rounds-cme/rounds/service/ssr/page/message"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// deliveriesPage is what became of the messages to the reader.
func (s *server) deliveriesPage(w http.ResponseWriter, r *http.Request) error {
	page := r.URL.Query().Get("page")
	view := delivery.View{Form: form.New(s.newID()), First: page == ""}
	var err error
	view.List, err = s.deliveries.List(r.Context(), &bffpb.DeliveriesListRequest{PageToken: page})
	if errs.KindOf(err) == errs.Unavailable {
		view.Missing, err = true, nil
	}
	if err != nil {
		return err
	}
	view.Late = s.late(r.Context())
	return s.show(w, r, http.StatusOK, delivery.Page(view))
}

// liftSuppression has mail sent again to an address of the reader.
func (s *server) liftSuppression(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	if _, err := s.deliveries.Lift(r.Context(), &bffpb.DeliveriesLiftRequest{Address: f.Get("address")}); err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "delivery.lifted"})
	return web.Redirect(w, r, delivery.Path, "/me")
}

// preview asks for one kind of message in one language, in the zone of the reader.
func (s *server) preview(r *http.Request) (*bffpb.DeliveriesPreviewResponse, string, error) {
	q := r.URL.Query()
	language := q.Get("language")
	if language != "en" && language != "sl" {
		language = i18n.From(r.Context()).Language()
	}
	m, err := s.deliveries.Preview(r.Context(), &bffpb.DeliveriesPreviewRequest{
		Kind: q.Get("kind"), Language: language, Zone: i18n.From(r.Context()).Location().String(),
	})
	return m, language, err
}

// messages shows administrators what readers get.
func (s *server) messages(w http.ResponseWriter, r *http.Request) error {
	m, language, err := s.preview(r)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, message.Page(message.View{Message: m, Language: language}))
}

// messageBody is the HTML of an e-mail, as foreign to this site as in any mail program: no scripts, no forms, no links that lead
// anywhere, nothing that is loaded.
func (s *server) messageBody(w http.ResponseWriter, r *http.Request) error {
	m, _, err := s.preview(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Cache-Control", "no-store")
	_, err = io.WriteString(w, m.GetHtml())
	return err
}

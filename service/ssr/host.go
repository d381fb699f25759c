package ssr

import (
	"context"
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/page/host"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// hosted asks for one list of webinars that the reader may host.
func (s *server) hosted(ctx context.Context, q *bffpb.HostedRequest) (webinar.Block, error) {
	ctx, cancel := context.WithTimeout(ctx, blockPatience)
	defer cancel()
	answer, err := s.hosting.Hosted(ctx, q)
	if err != nil {
		if errs.KindOf(err) == errs.Invalid {
			return webinar.Block{}, errs.FromStatus(err)
		}
		obs.Event(ctx).Set("webinars_missing", err.Error())
		return webinar.Block{Missing: true}, nil
	}
	return webinar.Block{Cards: answer.GetWebinars(), Next: answer.GetNextPageToken()}, nil
}

// host lists the webinars that the reader hosts. Administrators see all of them unless they ask for their own.
func (s *server) host(w http.ResponseWriter, r *http.Request) error {
	q, who := r.URL.Query(), reader.From(r.Context())
	view := host.View{When: host.Coming, All: who.Has(token.Host, token.Administrator), Later: q.Get("page") != ""}
	if q.Get("when") == host.Past {
		view.When = host.Past
	}
	switch q.Get("of") {
	case "own":
		view.Own = true
	case "all":
		view.Own = !view.All
	default:
		view.Own = !who.Has(token.Administrator)
	}
	state := map[string]string{host.Coming: webinar.Planned, host.Past: webinar.Ended}[view.When]
	var err, errLive error
	all(
		func() {
			view.List, err = s.hosted(r.Context(), &bffpb.HostedRequest{State: state, Own: view.Own, PageToken: q.Get("page")})
		},
		func() {
			if view.When == host.Coming && !view.Later {
				view.Live, errLive = s.hosted(r.Context(), &bffpb.HostedRequest{State: webinar.Live, Own: view.Own, PageSize: 100})
			}
		},
	)
	if err != nil {
		return err
	}
	if errLive != nil {
		return errLive
	}
	return s.show(w, r, http.StatusOK, host.Page(view))
}

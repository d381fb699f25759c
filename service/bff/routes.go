package bff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
)

const uploadBody = 15 << 20 // 10 MB in base64, and the fields around it

func door(d *run.Deps) web.Options {
	o := d.Web()
	o.PerAddress, o.Identify = web.Rate{Every: 20 * time.Millisecond, Burst: 400}, newStandings(authpb.NewAuthClient(d.Dial("auth")), d.Now).identify
	return o
}

// routes is every address under /api/. What they mean stands in contract/bff/v1/http.yaml.
func (s *server) routes(d *run.Deps) (*web.Mux, error) {
	m := web.New(door(d))
	api, err := s.api(d)
	if err != nil {
		return nil, err
	}
	m.Get("/api/openapi.json", web.Public, openAPI)

	// people
	m.Post("/api/register", web.Public, api, web.Body(uploadBody), web.Limit(web.Rate{Every: 10 * time.Second, Burst: 20}))
	m.Post("/api/confirm", web.Public, api)
	m.Get("/api/me", web.Account, api)
	m.Patch("/api/me", web.Account, api)
	m.Post("/api/me/confirmation", web.Account, api)
	m.Post("/api/me/proof", web.Roles(token.Applicant), api, web.Body(uploadBody))
	m.Get("/api/applications", web.Roles(token.Administrator), api)
	m.Get("/api/applications/{id}", web.Roles(token.Administrator), api)
	m.Post("/api/applications/{id}/decision", web.Roles(token.Administrator), api)

	s.contentRoutes(m, api)
	notificationRoutes(m, api)
	s.webinarRoutes(m, api)
	hosts := web.Roles(token.Member, token.Host, token.Administrator)
	m.Get("/api/hosting", hosts, api)
	m.Get("/api/hosting/{slug}", hosts, api)

	m.Get("/api/me/deliveries", web.Account, api)
	m.Post("/api/me/deliveries/lift", web.Account, api)
	m.Get("/api/messages", web.Roles(token.Administrator), api)

	// analytics
	analysts := web.Roles(token.Analyst, token.Administrator)
	m.Get("/api/analytics/overview", analysts, api)
	m.Get("/api/analytics/attendance", analysts, api)
	m.Get("/api/analytics/webinars/{webinar_id}", analysts, api)

	// points
	m.Get("/api/me/page", web.Account, api)
	m.Get("/api/me/points", web.Account, api)
	m.Get("/api/me/webinars/{slug}", web.Account, api)
	m.Post("/api/me/appeals", web.Account, api)
	m.Post("/api/me/appeals/{id}/withdraw", web.Account, api)
	m.Get("/api/appeals", web.Roles(token.Administrator), api)
	m.Get("/api/appeals/{id}", web.Roles(token.Administrator), api)
	m.Post("/api/appeals/{id}/weigh", web.Roles(token.Administrator), api)
	m.Post("/api/appeals/{id}/decision", web.Roles(token.Administrator), api)
	m.Post("/api/appeals/{appeal_id}/correction", web.Roles(token.Administrator), api)
	m.Get("/api/webinars/{slug}/points", web.Roles(token.Administrator), api)
	m.Post("/api/webinars/{id}/points/requests", web.Roles(token.Administrator), api)
	m.Post("/api/points/requests/{id}/answer", web.Roles(token.Administrator), api)

	operationRoutes(m, api)

	return m, nil
}

// operationRoutes are the work behind the pages, for administrators.
func operationRoutes(m *web.Mux, api web.Handler) {
	m.Get("/api/sagas", web.Roles(token.Administrator), api)
	m.Get("/api/sagas/{id}", web.Roles(token.Administrator), api)
	m.Post("/api/sagas/{id}/retry", web.Roles(token.Administrator), api)
	m.Post("/api/sagas/{id}/compensate", web.Roles(token.Administrator), api)
	m.Get("/api/queues", web.Roles(token.Administrator), api)
	m.Get("/api/queues/{queue}", web.Roles(token.Administrator), api)
	m.Post("/api/queues/{queue}/replay", web.Roles(token.Administrator), api)
	m.Post("/api/queues/{queue}/discard", web.Roles(token.Administrator), api)
	m.Post("/api/queues/{queue}/set-aside", web.Roles(token.Administrator), api)
}

// notificationRoutes are what people were told, and what they want to be told.
func notificationRoutes(m *web.Mux, api web.Handler) {
	m.Get("/api/notifications", web.Account, api)
	m.Get("/api/notifications/unseen", web.Account, api)
	m.Get("/api/notifications/late", web.Account, api)
	m.Get("/api/notifications/{id}", web.Account, api)
	m.Post("/api/notifications/seen", web.Account, api)
	m.Get("/api/me/browsers", web.Account, api)
	m.Post("/api/me/browsers", web.Account, api)
	m.Post("/api/me/browsers/remove", web.Account, api)
	m.Get("/api/me/preferences", web.Account, api)
	m.Post("/api/me/preferences", web.Account, api)
	m.Post("/api/me/preferences/pause", web.Account, api)
	m.Post("/api/me/preferences/exceptions", web.Account, api)
	// The token is the right, so that a mail can be stopped without a login; nobody guesses one at this rate.
	few := web.Limit(web.Rate{Every: 100 * time.Millisecond, Burst: 100})
	m.Get("/api/optout", web.Public, api, few)
	m.Post("/api/optout", web.Public, api, few)
	m.Post("/api/optout/undo", web.Public, api, few)
}

func (s *server) contentRoutes(m *web.Mux, api web.Handler) {
	members, administrators := web.Roles(token.Member, token.Host, token.Administrator), web.Roles(token.Administrator)
	m.Get("/api/categories", web.Public, api)
	m.Post("/api/categories", administrators, api)
	m.Get("/api/lecturers", web.Public, api)
	m.Post("/api/lecturers", administrators, api)
	m.Get("/api/articles", web.Public, api)
	m.Get("/api/articles/{slug}", web.Public, api)
	m.Get("/api/articles/{article_id}/comments", members, api)
	m.Post("/api/articles/{article_id}/comments", members, api)
	m.Patch("/api/comments/{id}", members, api)
	m.Post("/api/comments/{id}/reports", members, api)
	m.Post("/api/comments/{id}/hide", administrators, api)
	m.Post("/api/comments/{id}/dismiss", administrators, api)
	m.Get("/api/reports", administrators, api)
	m.Get("/api/manuscripts", administrators, api)
	m.Post("/api/manuscripts", administrators, api, web.Body(1<<20))
	m.Get("/api/manuscripts/{id}", administrators, api)
	m.Post("/api/manuscripts/{id}/publish", administrators, api)
	m.Post("/api/manuscripts/{id}/unpublish", administrators, api)
	m.Post("/api/preview", administrators, api, web.Body(1<<20))
}

func (s *server) webinarRoutes(m *web.Mux, api web.Handler) {
	members, administrators := web.Roles(token.Member, token.Host, token.Administrator), web.Roles(token.Administrator)
	m.Get("/api/webinars", web.Public, api)
	m.Get("/api/webinars/{slug}", web.Public, api)
	m.Get("/api/lecturers/{slug}", web.Public, api)
	m.Get("/api/categories/{slug}", web.Public, api)
	m.Get("/api/me/subscriptions", web.Account, api)
	m.Post("/api/me/subscriptions", members, api)
	m.Post("/api/me/subscriptions/end", members, api)
	m.Get("/api/plans", administrators, api)
	m.Get("/api/plans/{id}", administrators, api)
	m.Post("/api/plans", administrators, api)
	m.Patch("/api/plans/{id}", administrators, api)
	m.Post("/api/plans/{id}/move", administrators, api)
	m.Post("/api/plans/{id}/cancel", administrators, api)
	m.Post("/api/plans/{id}/begin", members, api)
	m.Post("/api/plans/{id}/end", members, api)
	m.Get("/api/credit-rules", administrators, api)
	m.Post("/api/credit-rules", administrators, api)
	m.Post("/api/credit-rules/simulate", administrators, api)
	m.Post("/api/credit-rules/compare", administrators, api)
	m.Get("/api/credit-rules/{id}/versions", administrators, api)
}

// api turns a request with JSON into a call of this service, with everything that stands before its RPCs.
func (s *server) api(d *run.Deps) (web.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions:   protojson.MarshalOptions{EmitUnpopulated: true},
			UnmarshalOptions: protojson.UnmarshalOptions{},
		}),
		runtime.WithErrorHandler(func(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
			var e *errs.Error
			if !errors.As(err, &e) {
				e = errs.Of(errs.FromStatus(err)) // the gateway itself could not read the request
			}
			obs.Event(ctx).Set("code", e.Code)
			if after := e.RetryAfter(); after != "" {
				w.Header().Set("Retry-After", after)
			}
			if problem := errs.ProblemOf(e, obs.Trace(ctx)).Write(w); problem != nil {
				obs.Event(ctx).Set("gone", true)
			}
		}),
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
	)
	for _, one := range s.subjects() {
		if err := one.gateway(context.Background(), mux, d.Dial("bff")); err != nil {
			return nil, fmt.Errorf("make the JSON API: %w", err)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		// What the gateway learns from these would pass for what the caller of an RPC says.
		r.Header.Del("Authorization")
		r.Header.Del("Grpc-Timeout")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
		return nil
	}, nil
}

// openAPI describes the JSON API to programs.
func openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(bffpb.OpenAPI())
	return err
}

package ssr

import (
	"context"
	"net/http"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/page/saga"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// sagasStuck counts processes that somebody should look at.
func (s *server) sagasStuck(ctx context.Context) (backoffice.Task, error) {
	list, err := s.operations.Sagas(ctx, &bffpb.OperationsSagasRequest{PageSize: 100})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "saga.title")}, err
	}
	n := 0
	for _, one := range list.GetSagas() {
		if saga.Stuck(one) {
			n++
		}
	}
	return backoffice.Task{Label: i18n.Say(ctx, "work.sagas", "count", n), Href: "/backoffice/processes", Count: n}, nil
}

func (s *server) sagas(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	over := q.Get("over") != ""
	list, err := s.operations.Sagas(r.Context(), &bffpb.OperationsSagasRequest{Over: over, PageToken: q.Get("after")})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, saga.List(saga.ListView{List: list, Over: over, First: q.Get("after") == ""}))
}

func (s *server) saga(w http.ResponseWriter, r *http.Request) error {
	return s.showSaga(w, r, form.New(s.newID()))
}

func (s *server) showSaga(w http.ResponseWriter, r *http.Request, f form.Form) error {
	one, err := s.operations.Saga(r.Context(), &bffpb.OperationsSagaRequest{Id: r.PathValue("id")})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, f.Status(), saga.Page(saga.View{Saga: one.GetSaga(), Moments: one.GetMoments(), Form: f}))
}

func (s *server) postRetrySaga(w http.ResponseWriter, r *http.Request) error {
	return s.onSaga(w, r, "saga.retried", func(ctx context.Context, _ form.Form) error {
		_, err := s.operations.RetrySaga(ctx, &bffpb.OperationsRetrySagaRequest{Id: r.PathValue("id")})
		return err
	})
}

func (s *server) postCompensateSaga(w http.ResponseWriter, r *http.Request) error {
	return s.onSaga(w, r, "saga.compensating", func(ctx context.Context, f form.Form) error {
		_, err := s.operations.CompensateSaga(ctx, &bffpb.OperationsCompensateSagaRequest{Id: r.PathValue("id"), Reason: f.Get("reason")})
		return err
	})
}

func (s *server) onSaga(w http.ResponseWriter, r *http.Request, notice i18n.Key, do func(context.Context, form.Form) error) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	err = do(r.Context(), f)
	if err != nil && refused(err) {
		f.Key = s.newID()
		return s.showSaga(w, r, f.Fail(err))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: notice})
	return web.Redirect(w, r, saga.Path(r.PathValue("id")), "/backoffice/processes")
}

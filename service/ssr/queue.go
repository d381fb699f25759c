package ssr

import (
	"context"
	"net/http"
	"strconv"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/backoffice"
	"github.com/rounds-cme/rounds/service/ssr/page/queue"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// lettersDead counts messages that nobody could deliver.
func (s *server) lettersDead(ctx context.Context) (backoffice.Task, error) {
	list, err := s.operations.Queues(ctx, &bffpb.OperationsQueuesRequest{})
	if err != nil {
		return backoffice.Task{Label: i18n.Say(ctx, "queue.title")}, err
	}
	n := 0
	for _, q := range list.GetQueues() {
		n += int(q.GetDead())
	}
	return backoffice.Task{Label: i18n.Say(ctx, "work.queues", "count", n), Href: queue.ListPath, Count: n}, nil
}

// messagesLate says that messages wait which should have gone, and since when.
func (s *server) messagesLate(ctx context.Context) (backoffice.Task, error) {
	task := backoffice.Task{Label: i18n.Say(ctx, "notifications.title"), Href: queue.ListPath}
	late, err := s.told.Late(ctx, &bffpb.NotificationsLateRequest{})
	if err != nil {
		return task, err
	}
	if late.GetUnknown() {
		return task, errs.New(errs.Unavailable, "queue.away", "Whoever sends messages does not answer.")
	}
	if late.GetSince() != nil {
		task.Count, task.Label = 1, i18n.Say(ctx, "work.late", "since", i18n.Moment(ctx, late.GetSince().AsTime()))
	}
	return task, nil
}

func (s *server) queues(w http.ResponseWriter, r *http.Request) error {
	list, err := s.operations.Queues(r.Context(), &bffpb.OperationsQueuesRequest{})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, http.StatusOK, queue.List(list.GetQueues()))
}

func (s *server) queue(w http.ResponseWriter, r *http.Request) error {
	return s.showQueue(w, r, form.New(s.newID()))
}

func (s *server) showQueue(w http.ResponseWriter, r *http.Request, f form.Form) error {
	one, err := s.operations.Queue(r.Context(), &bffpb.OperationsQueueRequest{Queue: r.PathValue("queue")})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, f.Status(), queue.Page(queue.View{OperationsQueueResponse: one, Form: f, NewID: s.newID}))
}

func (s *server) postReplayQueue(w http.ResponseWriter, r *http.Request) error {
	return s.onQueue(w, r, "queue.replayed", func(ctx context.Context, f form.Form, name string) (int64, error) {
		done, err := s.operations.ReplayQueue(ctx, &bffpb.OperationsReplayQueueRequest{RequestId: f.Key.String(), Queue: name, Id: f.Get("id"), Reason: f.Raw("reason")})
		return done.GetCount(), err
	})
}

func (s *server) postDiscardQueue(w http.ResponseWriter, r *http.Request) error {
	return s.onQueue(w, r, "queue.discarded", func(ctx context.Context, f form.Form, name string) (int64, error) {
		done, err := s.operations.DiscardQueue(ctx, &bffpb.OperationsDiscardQueueRequest{RequestId: f.Key.String(), Queue: name, Id: f.Get("id"), Reason: f.Raw("reason")})
		return done.GetCount(), err
	})
}

func (s *server) postSetAsideQueue(w http.ResponseWriter, r *http.Request) error {
	return s.onQueue(w, r, "queue.set_aside_done", func(ctx context.Context, f form.Form, name string) (int64, error) {
		done, err := s.operations.SetAsideQueue(ctx, &bffpb.OperationsSetAsideQueueRequest{RequestId: f.Key.String(), Queue: name})
		return done.GetCount(), err
	})
}

func (s *server) onQueue(w http.ResponseWriter, r *http.Request, notice i18n.Key, do func(context.Context, form.Form, string) (int64, error)) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	name := r.PathValue("queue")
	n, err := do(r.Context(), f, name)
	if err != nil && refused(err) {
		f.Key = s.newID()
		return s.showQueue(w, r, f.Fail(err))
	}
	if err != nil {
		return err
	}
	said := reader.Notice{Key: notice, Args: map[string]string{"number": strconv.FormatInt(n, 10)}}
	if notice == "queue.set_aside_done" && n > 0 {
		said.Undo, said.Form = queue.Path(name)+"/replay", map[string]string{"reason": queue.Aside}
	}
	reader.Tell(w, said)
	return web.Redirect(w, r, queue.Path(name), queue.ListPath)
}

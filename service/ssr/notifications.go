package ssr

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/layout"
	"github.com/rounds-cme/rounds/service/ssr/page/notifications"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// notifications is the page of everything that the reader was told.
func (s *server) notifications(w http.ResponseWriter, r *http.Request) error {
	view := notifications.View{Form: form.New(s.newID())}
	list, err := s.told.List(r.Context(), &bffpb.NotificationsListRequest{PageToken: r.URL.Query().Get("page_token")})
	switch {
	case errs.KindOf(err) == errs.Unavailable:
		view.Missing = true
	case err != nil:
		return err
	}
	view.Unseen = int(list.GetUnseen())
	for _, n := range list.GetNotifications() {
		view.Items = append(view.Items, notifications.Item{
			ID: n.GetNotificationId(), Text: n.GetText(), At: n.GetCreatedAt().AsTime(), Seen: n.GetSeen(),
		})
	}
	if next := list.GetNextPageToken(); next != "" {
		view.Older = "/notifications?page_token=" + url.QueryEscape(next)
	}
	view.Late = s.late(r.Context())
	return s.show(w, r, http.StatusOK, notifications.Page(view))
}

// late tells whether messages are late. When nobody can say, they may be.
func (s *server) late(ctx context.Context) *bffpb.NotificationsLateResponse {
	answer, err := s.told.Late(ctx, &bffpb.NotificationsLateRequest{})
	if err != nil {
		return &bffpb.NotificationsLateResponse{Unknown: true}
	}
	return answer
}

// openNotification notes that one was seen and leads to what it tells of.
func (s *server) openNotification(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	id := f.Get("id")
	n, err := s.told.Get(r.Context(), &bffpb.NotificationsGetRequest{NotificationId: id})
	if err != nil {
		return err
	}
	if _, err := s.told.MarkSeen(r.Context(), &bffpb.NotificationsMarkSeenRequest{NotificationIds: []string{id}}); err != nil {
		obs.Event(r.Context()).Set("mark_missing", true) // Reading what it tells of matters more.
	}
	return web.Redirect(w, r, n.GetPath(), "/notifications")
}

func (s *server) seeNotifications(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.told.MarkSeen(r.Context(), &bffpb.NotificationsMarkSeenRequest{}); err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "notifications.seen"})
	return web.Redirect(w, r, "/notifications", "/")
}

// bell is the badge alone, which open pages ask for from time to time.
func (s *server) bell(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, http.StatusOK, layout.Bell(reader.From(r.Context())))
}

// unseen is the number on the bell.
func (s *server) unseen(ctx context.Context, _ uuid.UUID) (int, error) {
	answer, err := s.told.Unseen(ctx, &bffpb.NotificationsUnseenRequest{})
	return int(answer.GetUnseen()), err
}

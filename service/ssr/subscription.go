package ssr

import (
	"context"
	"net/http"
	"unicode/utf8"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

const longestName = 200 // letters of what was subscribed to, as the message says it

// subscriptions is the list of what one follows.
func (s *server) subscriptions(w http.ResponseWriter, r *http.Request) error {
	page := r.URL.Query().Get("page")
	list, err := s.webinars.Subscriptions(r.Context(), &bffpb.SubscriptionsRequest{PageToken: page})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, webinar.Followed(webinar.FollowedView{Subscriptions: list, Later: page != "", Key: s.key}))
}

// postSubscription subscribes or ends it, and comes back to the page of the button with a message that can undo it.
func (s *server) postSubscription(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	next := web.SafeNext(f.Get("next"), "/me/subscriptions")
	switch err := errs.FromStatus(s.follow(r.Context(), f)); {
	case err == nil:
		reader.Tell(w, s.done(f, next))
	case errs.Of(err).Code == "subscription.many": // nothing was done; the page of the button says why
		reader.Tell(w, reader.Notice{Key: "err.subscription.many"})
	default:
		return err
	}
	return web.Redirect(w, r, next, "/me/subscriptions")
}

func (s *server) follow(ctx context.Context, f form.Form) error {
	switch f.Get("wish") {
	case webinar.Subscribe:
		_, err := s.webinars.Subscribe(ctx, &bffpb.SubscribeRequest{RequestId: f.Key.String(), Kind: f.Get("kind"), TargetId: f.Get("target_id")})
		return err
	case webinar.Unsubscribe:
		_, err := s.webinars.Unsubscribe(ctx, &bffpb.UnsubscribeRequest{RequestId: f.Key.String(), Kind: f.Get("kind"), TargetId: f.Get("target_id")})
		return err
	}
	return errs.New(errs.Invalid, "subscription.wish", "This form could not be read. Go back and press the button again.")
}

// done says what was done; its undo is the opposite wish.
func (s *server) done(f form.Form, next string) reader.Notice {
	wish, said, plain := webinar.Unsubscribe, i18n.Key("webinar.subscribed_done"), i18n.Key("webinar.subscribed_plain")
	if f.Get("wish") == webinar.Unsubscribe {
		wish, said, plain = webinar.Subscribe, "webinar.unsubscribed_done", "webinar.unsubscribed_plain"
	}
	n := reader.Notice{Key: said, Args: map[string]string{"name": f.Get("name")}, Undo: "/subscriptions", Form: map[string]string{
		form.KeyField: s.newID().String(), "kind": f.Get("kind"), "target_id": f.Get("target_id"), "name": f.Get("name"), "wish": wish, "next": next,
	}}
	if name := f.Get("name"); name == "" || utf8.RuneCountInString(name) > longestName {
		n.Key, n.Args = plain, nil
		delete(n.Form, "name")
	}
	return n
}

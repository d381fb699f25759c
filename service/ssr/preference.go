package ssr

import (
	"context"
	"net/http"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/preference"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// preferences is the page on which one says what one is told of, and how.
func (s *server) preferences(w http.ResponseWriter, r *http.Request) error {
	shown, err := s.wishes.Show(r.Context(), &bffpb.PreferencesShowRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.showPreferences(w, r, preference.View{Shown: shown})
}

// showPreferences fills in what no form of the view says.
func (s *server) showPreferences(w http.ResponseWriter, r *http.Request, v preference.View) error {
	v.Key = s.key
	status := http.StatusOK
	for _, f := range []*form.Form{&v.Choices, &v.Pause, &v.Except} {
		switch {
		case f.Failed():
			status = f.Status()
		case f == &v.Choices:
			*f = chosen(s.key(), v.Shown)
		default:
			*f = s.key().Set("choice", "off")
		}
	}
	list, err := s.webinars.Subscriptions(r.Context(), &bffpb.SubscriptionsRequest{})
	if err != nil {
		obs.Event(r.Context()).Set("followed_missing", err.Error()) // Without it, no exception can be added; the rest stands.
	}
	v.Followed = list.GetSubscriptions()
	browsers, err := s.browsers.List(r.Context(), &bffpb.BrowsersListRequest{})
	if err != nil {
		obs.Event(r.Context()).Set("browsers_missing", err.Error())
	} else {
		v.Devices = preference.Browsers(browsers, s.key)
	}
	return s.show(w, r, status, preference.Page(v))
}

// chosen is the form as it was saved.
func chosen(f form.Form, shown *bffpb.PreferencesShowResponse) form.Form {
	for _, c := range shown.GetChoices() {
		if c.GetOn() {
			f.Set(preference.Box(c.GetTopic(), c.GetChannel()), "yes")
		}
	}
	return f.Set("quiet_from", shown.GetQuietFrom()).Set("quiet_to", shown.GetQuietTo()).Set("article_digest", shown.GetArticleDigest())
}

func (s *server) postPreferences(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	before, err := s.wishes.Show(r.Context(), &bffpb.PreferencesShowRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	q := &bffpb.PreferencesSaveRequest{
		RequestId: f.Key.String(), QuietFrom: f.Get("quiet_from"), QuietTo: f.Get("quiet_to"), ArticleDigest: f.Get("article_digest"),
	}
	for _, topic := range preference.Topics() {
		for _, channel := range preference.Channels() {
			q.Choices = append(q.Choices, &bffpb.PreferenceChoice{Topic: topic, Channel: channel, On: f.Checked(preference.Box(topic, channel))})
		}
	}
	_, err = s.wishes.Save(r.Context(), q)
	switch err := errs.FromStatus(err); {
	case err != nil && refused(err):
		return s.showPreferences(w, r, preference.View{Shown: before, Choices: f.Fail(err)})
	case err != nil:
		return err
	}
	reader.Tell(w, saved(r.Context(), before, q))
	return web.Redirect(w, r, preference.Path, "/me")
}

const mostSaid = 3 // changes that are said one by one

// saved says what is different now.
func saved(ctx context.Context, before *bffpb.PreferencesShowResponse, now *bffpb.PreferencesSaveRequest) reader.Notice {
	was := map[string]bool{}
	for _, c := range before.GetChoices() {
		was[preference.Box(c.GetTopic(), c.GetChannel())] = c.GetOn()
	}
	var said []string
	for _, c := range now.GetChoices() {
		if was[preference.Box(c.GetTopic(), c.GetChannel())] == c.GetOn() {
			continue
		}
		key := i18n.Key("preference.saved_off")
		if c.GetOn() {
			key = "preference.saved_on"
		}
		said = append(said, i18n.Say(ctx, key, "topic", preference.TopicName(ctx, c.GetTopic()), "channel", preference.ChannelName(ctx, c.GetChannel())))
	}
	switch {
	case before.GetQuietFrom() == now.GetQuietFrom() && before.GetQuietTo() == now.GetQuietTo():
	case now.GetQuietFrom() == "":
		said = append(said, i18n.Say(ctx, "preference.saved_no_quiet"))
	default:
		said = append(said, i18n.Say(ctx, "preference.saved_quiet", "from", now.GetQuietFrom(), "to", now.GetQuietTo()))
	}
	if before.GetArticleDigest() != now.GetArticleDigest() {
		said = append(said, i18n.Say(ctx, i18n.Key("preference.saved_digest_"+now.GetArticleDigest())))
	}
	if len(said) == 0 {
		return reader.Notice{Key: "preference.saved_nothing"}
	}
	if more := len(said) - mostSaid; more > 0 {
		said = append(said[:mostSaid], i18n.Say(ctx, "preference.saved_more", "count", more))
	}
	return reader.Notice{Key: "preference.saved", Args: map[string]string{"what": strings.Join(said, "; ")}}
}

func (s *server) postPause(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	a, err := s.wishes.Pause(r.Context(), &bffpb.PreferencesPauseRequest{RequestId: f.Key.String(), Until: f.Get("until")})
	switch err := errs.FromStatus(err); {
	case err != nil && refused(err):
		shown, missing := s.wishes.Show(r.Context(), &bffpb.PreferencesShowRequest{})
		if missing != nil {
			return errs.FromStatus(missing)
		}
		return s.showPreferences(w, r, preference.View{Shown: shown, Pause: f.Fail(err)})
	case err != nil:
		return err
	}
	notice := reader.Notice{Key: "preference.pause_ended"}
	if until := a.GetPausedUntil(); until != nil {
		notice = reader.Notice{Key: "preference.paused", Args: map[string]string{"day": i18n.Day(r.Context(), until.AsTime())}, Undo: preference.PausePath}
	}
	reader.Tell(w, notice)
	return web.Redirect(w, r, preference.Path, "/me")
}

// postException makes an exception or ends it; the notice takes it back.
func (s *server) postException(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	shown, err := s.wishes.Show(r.Context(), &bffpb.PreferencesShowRequest{})
	if err != nil {
		return errs.FromStatus(err)
	}
	topic, target, _ := strings.Cut(f.Get("thing"), ":")
	_, err = s.wishes.Except(r.Context(), &bffpb.PreferencesExceptRequest{
		RequestId: f.Key.String(), Topic: topic, TargetId: target, Channel: f.Get("channel"), Choice: f.Get("choice"),
	})
	switch err := errs.FromStatus(err); {
	case err != nil && refused(err):
		return s.showPreferences(w, r, preference.View{Shown: shown, Except: f.Fail(err)})
	case err != nil:
		return err
	}
	before := "topic"
	for _, e := range shown.GetExceptions() {
		if e.GetTopic() == topic && e.GetTargetId() == target && e.GetChannel() == f.Get("channel") {
			before = map[bool]string{true: "on", false: "off"}[e.GetOn()]
		}
	}
	notice := reader.Notice{Key: "preference.exception_saved", Undo: preference.ExceptPath, Form: map[string]string{
		form.KeyField: s.newID().String(), "thing": f.Get("thing"), "channel": f.Get("channel"), "choice": before,
	}}
	if f.Get("choice") == "topic" {
		notice.Key = "preference.exception_ended"
	}
	reader.Tell(w, notice)
	return web.Redirect(w, r, preference.Path, "/me")
}

// postBrowser turns one of the reader's browsers off, from wherever.
func (s *server) postBrowser(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	if _, err := s.browsers.Remove(r.Context(), &bffpb.BrowsersRemoveRequest{BrowserId: f.Get("browser")}); err != nil {
		return errs.FromStatus(err)
	}
	reader.Tell(w, reader.Notice{Key: "preference.browsers_removed"})
	return web.Redirect(w, r, preference.Path, "/me")
}

// optout shows what the link of a mail would stop. It changes nothing: mail programs and scanners open links by themselves.
func (s *server) optout(w http.ResponseWriter, r *http.Request) error {
	secretAddress(w)
	token := r.URL.Query().Get("token")
	scope, err := s.wishes.ShowOptout(r.Context(), &bffpb.ShowOptoutRequest{Token: token})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, preference.Optout(preference.OptoutView{Form: s.key(), Token: token, Scope: scope}))
}

// postOptout is the one click of RFC 8058, sent by the mail program's server or by the button of the page: no login, no cookie, no
// redirect, and the same answer however often it is sent.
func (s *server) postOptout(w http.ResponseWriter, r *http.Request) error {
	secretAddress(w)
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	if f.Get("List-Unsubscribe") != "One-Click" {
		return errs.New(errs.Invalid, "optout.wish", "This request does not say that something shall stop. Open the link in the mail and press the button.")
	}
	token := r.URL.Query().Get("token")
	scope, err := s.wishes.Optout(r.Context(), &bffpb.OptoutRequest{Token: token})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, preference.Optout(preference.OptoutView{Form: s.key(), Token: token, Scope: scope, Done: true}))
}

// postUndoOptout has it come again.
func (s *server) postUndoOptout(w http.ResponseWriter, r *http.Request) error {
	secretAddress(w)
	token := r.URL.Query().Get("token")
	scope, err := s.wishes.UndoOptout(r.Context(), &bffpb.UndoOptoutRequest{Token: token})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, preference.Optout(preference.OptoutView{Form: s.key(), Token: token, Scope: scope, Done: true}))
}

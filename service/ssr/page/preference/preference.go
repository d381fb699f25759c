// Package preference is the page on which people say what they are told of and how, and the page of the links in mails that stop one
// thing without a login.
//
// Why a page of its own and no part of the profile: links in mails lead here, on a phone, from people who want one thing to stop. So what
// can be stopped stands first, in the words of what one gets, and everything works without a script.
package preference

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// Where the forms of the page go.
const (
	Path       = "/me/notifications"
	PausePath  = Path + "/pause"
	ExceptPath = Path + "/exceptions"
)

// View is what the page shows. Each form has its own key; one of them may have failed.
type View struct {
	Shown    *bffpb.PreferencesShowResponse
	Followed []*bffpb.Subscription // what an exception can be made of
	Choices  form.Form
	Pause    form.Form
	Except   form.Form
	Key      func() form.Form // of each button
	Devices  templ.Component  // the reader's devices; nil when there is nothing to say of them
}

// paused tells whether what rings is stopped now. Then that stands first, because nothing below it explains the silence.
func (v View) paused() bool { return v.Shown.GetPausedUntil() != nil }

// failed is the form that did not go through, or one that did.
func (v View) failed() form.Form {
	for _, f := range []form.Form{v.Choices, v.Pause, v.Except} {
		if f.Failed() {
			return f
		}
	}
	return v.Choices
}

// Topics are the rows of the table, in its order.
func Topics() []string { return []string{"webinar", "change", "article", "reply", "points", "licence"} }

// Channels are its columns.
func Channels() []string { return []string{"site", "email", "push"} }

// Box is the name of the field of one box of the table.
func Box(topic, channel string) string { return topic + "_" + channel }

// TopicName is what a topic is called.
func TopicName(ctx context.Context, topic string) string {
	return i18n.Say(ctx, i18n.Key("preference.topic_"+topic))
}

// ChannelName is what a channel is called.
func ChannelName(ctx context.Context, channel string) string {
	return i18n.Say(ctx, i18n.Key("preference.channel_"+channel))
}

func digests(ctx context.Context) []part.Option {
	var all []part.Option
	for _, value := range []string{"off", "daily", "weekly"} {
		all = append(all, part.Option{Value: value, Label: i18n.Say(ctx, i18n.Key("preference.digest_"+value))})
	}
	return all
}

// quick are the pauses of one press, by the day from which on everything comes again.
func quick(ctx context.Context) []part.Option {
	now := i18n.From(ctx).Now().In(i18n.From(ctx).Location())
	return []part.Option{
		{Value: now.AddDate(0, 0, 1).Format(time.DateOnly), Label: i18n.Say(ctx, "preference.pause_tomorrow")},
		{Value: now.AddDate(0, 0, 7).Format(time.DateOnly), Label: i18n.Say(ctx, "preference.pause_week")},
		{Value: now.AddDate(0, 1, 0).Format(time.DateOnly), Label: i18n.Say(ctx, "preference.pause_month")},
	}
}

// things are what an exception can be made of: topic and id in one value.
func (v View) things(ctx context.Context) []part.Option {
	var all []part.Option
	for _, s := range v.Followed {
		name := s.GetNameEn()
		if reader.From(ctx).Language == "sl" {
			name = s.GetNameSl()
		}
		all = append(all, part.Option{Value: "webinar:" + s.GetTargetId(), Label: i18n.Say(ctx, i18n.Key("preference.thing_"+s.GetKind()), "name", name)})
		if s.GetKind() == "category" {
			all = append(all, part.Option{Value: "article:" + s.GetTargetId(), Label: i18n.Say(ctx, "preference.thing_article", "name", name)})
		}
	}
	return all
}

func channels(ctx context.Context) []part.Option {
	var all []part.Option
	for _, channel := range []string{"email", "push", "site"} {
		all = append(all, part.Option{Value: channel, Label: ChannelName(ctx, channel)})
	}
	return all
}

func answers(ctx context.Context) []part.Option {
	return []part.Option{
		{Value: "off", Label: i18n.Say(ctx, "preference.off")},
		{Value: "on", Label: i18n.Say(ctx, "preference.on")},
	}
}

// ExceptionName says what an exception is of.
func ExceptionName(ctx context.Context, e *bffpb.PreferenceException) string {
	name := e.GetNameEn()
	if reader.From(ctx).Language == "sl" {
		name = e.GetNameSl()
	}
	switch {
	case name == "":
		return i18n.Say(ctx, "preference.thing_gone")
	case e.GetTopic() == "article":
		return i18n.Say(ctx, "preference.thing_article", "name", name)
	default:
		return i18n.Say(ctx, i18n.Key("preference.thing_"+e.GetTargetKind()), "name", name)
	}
}

// how says what holds for an exception: topic, channel, yes or no.
func how(ctx context.Context, e *bffpb.PreferenceException) string {
	answer := i18n.Say(ctx, "preference.off")
	if e.GetOn() {
		answer = i18n.Say(ctx, "preference.on")
	}
	words := ChannelName(ctx, e.GetChannel()) + ": " + strings.ToLower(answer)
	if e.GetTopic() == "change" {
		words = TopicName(ctx, "change") + ", " + words
	}
	return words
}

func zone(v View) string { return strings.ReplaceAll(v.Shown.GetZone(), "_", " ") }

// OptoutView is the page of one link.
type OptoutView struct {
	Form  form.Form
	Token string
	Scope *bffpb.OptoutScope
	Done  bool // something was changed just now
}

func (v OptoutView) here() string { return "/unsubscribe?token=" + url.QueryEscape(v.Token) }

func (v OptoutView) undo() string { return "/unsubscribe/undo?token=" + url.QueryEscape(v.Token) }

// title says what this is, or what was done.
func (v OptoutView) title(ctx context.Context) string {
	switch {
	case v.Scope.GetStopped():
		return i18n.Say(ctx, "optout.stopped")
	case v.Done:
		return i18n.Say(ctx, "optout.undone")
	}
	return i18n.Say(ctx, "optout.ask")
}

// about is the one thing that is stopped; empty for a whole topic.
func (v OptoutView) about(ctx context.Context) string {
	if v.Scope.GetTargetKind() == "" {
		return ""
	}
	return ExceptionName(ctx, &bffpb.PreferenceException{
		Topic: v.Scope.GetTopic(), TargetKind: v.Scope.GetTargetKind(), NameEn: v.Scope.GetTargetEn(), NameSl: v.Scope.GetTargetSl(),
	})
}

func (v OptoutView) state() string {
	if v.Scope.GetStopped() {
		return "stopped"
	}
	return "on"
}

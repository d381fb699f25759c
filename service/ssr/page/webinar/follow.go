package webinar

import (
	"context"
	"net/url"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// What a subscription is to.
const (
	ToWebinar  = "webinar"
	ToCategory = "category"
	ToLecturer = "lecturer"
)

// The two wishes of a button.
const (
	Subscribe   = "subscribe"
	Unsubscribe = "unsubscribe"
)

// Button subscribes to something, or ends that. Form brings an idempotency key of its own.
type Button struct {
	Form     form.Form
	Kind, ID string
	Name     string // in the reader's language
	On       bool   // followed already
	Next     string // where one comes back to
	Primary  bool   // the one thing to do on its page
}

func (b Button) wish() string {
	if b.On {
		return Unsubscribe
	}
	return Subscribe
}

func (b Button) login() string { return "/login?next=" + url.QueryEscape(b.Next) }

// label tells two buttons on one page apart.
func (b Button) label(ctx context.Context) string {
	if b.On {
		return i18n.Say(ctx, "webinar.unsubscribe_from", "name", b.Name)
	}
	return i18n.Say(ctx, "webinar.subscribe_to", "name", b.Name)
}

// subscribes tells whether the reader may.
func subscribes(ctx context.Context) bool {
	return reader.From(ctx).Has(token.Member, token.Host, token.Administrator)
}

// SubjectView is a lecturer or a category with what belongs to it.
type SubjectView struct {
	Lecturer *bffpb.Lecturer // or
	Category *bffpb.Category
	Follow   Button
	Live     Block
	Upcoming Block
	Past     Block

	Articles        []*bffpb.ArticleCard
	ArticlesMissing bool
}

func (v SubjectView) title(ctx context.Context) string {
	if v.Lecturer != nil {
		return v.Lecturer.GetName()
	}
	return category(ctx, v.Category)
}

// more is the address of all webinars of the subject.
func (v SubjectView) more(when string) string {
	return part.Query("/webinars", "when", when, "lecturer", v.Lecturer.GetSlug(), "category", v.Category.GetSlug())
}

// FollowedView is what somebody follows.
type FollowedView struct {
	Subscriptions *bffpb.SubscriptionsResponse
	Later         bool
	Key           func() form.Form // of each button
}

// button ends a subscription; one comes back to the page on which it stands.
func (v FollowedView) button(ctx context.Context, s *bffpb.Subscription) Button {
	return Button{
		Form: v.Key(), Kind: s.GetKind(), ID: s.GetTargetId(), Name: name(ctx, s), On: true, Next: reader.From(ctx).URL,
	}
}

func name(ctx context.Context, s *bffpb.Subscription) string {
	if reader.From(ctx).Language == "sl" {
		return s.GetNameSl()
	}
	return s.GetNameEn()
}

func kind(ctx context.Context, s *bffpb.Subscription) string {
	switch s.GetKind() {
	case ToCategory:
		return i18n.Say(ctx, "webinar.category")
	case ToLecturer:
		return i18n.Say(ctx, "webinar.lecturer")
	}
	return i18n.Say(ctx, "webinar.one")
}

func target(s *bffpb.Subscription) string {
	folder, ok := map[string]string{ToCategory: "/categories/", ToLecturer: "/lecturers/"}[s.GetKind()]
	if !ok {
		return Path(s.GetSlug())
	}
	return folder + s.GetSlug()
}

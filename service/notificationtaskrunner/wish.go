package notificationtaskrunner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// Topics that rules are about, beside being chosen.
const (
	webinarTopic = "webinar"
	changeTopic  = "change"
	articleTopic = "article"
	replyTopic   = "reply"
	pointsTopic  = "points"
	licenceTopic = "licence"
)

// What is told later is worth it only when it comes this long before it is worth nothing.
const stillUseful = time.Hour

// wishes are what the people of one page want to be told of, and how. They are read for all of them at once: what is asked for each
// would be asked ten thousand times.
type wishes struct {
	now        time.Time
	zone       func(string) *time.Location
	choices    map[choice]bool
	settings   map[uuid.UUID]store.DatamanagementNotificationtaskrunnerSetting
	devices    map[uuid.UUID]bool // who has one that takes push
	subscribed map[uuid.UUID]bool // to this very webinar, not to its category or lecturer
	ends       map[hours]time.Time
}

// choice is what somebody said about something.
type choice struct {
	account, target uuid.UUID
	channel         string
}

// wishesOf reads what people want of news. Where there is no choice, only how they can be reached.
func (s *server) wishesOf(ctx context.Context, q *store.Queries, n *news, people []person) (*wishes, error) {
	w := &wishes{
		now: s.Now(), zone: s.zones.Find, choices: map[choice]bool{}, settings: map[uuid.UUID]store.DatamanagementNotificationtaskrunnerSetting{},
		subscribed: map[uuid.UUID]bool{}, devices: map[uuid.UUID]bool{}, ends: map[hours]time.Time{},
	}
	accounts := make([]uuid.UUID, 0, len(people))
	for _, p := range people {
		accounts = append(accounts, p.AccountID)
	}
	devices, err := q.DevicesOf(ctx, accounts)
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	for _, account := range devices {
		w.devices[account] = true
	}
	if n.topic == "" {
		return w, nil
	}
	err = w.read(ctx, q, n, accounts)
	return w, err
}

// read asks what these people said about the news.
func (w *wishes) read(ctx context.Context, q *store.Queries, n *news, accounts []uuid.UUID) error {
	choices, err := q.ChoicesOf(ctx, store.ChoicesOfParams{Accounts: accounts, Topic: n.topic, Targets: append([]uuid.UUID{uuid.Nil}, n.about...)})
	if err != nil {
		return fmt.Errorf("read choices: %w", err)
	}
	for _, c := range choices {
		w.choices[choice{c.AccountID, c.TargetID, c.Channel}] = c.Enabled
	}
	settings, err := q.SettingsOf(ctx, accounts)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	paused := false
	for _, one := range settings {
		w.settings[one.AccountID] = one
		paused = paused || w.paused(one.AccountID)
	}
	if n.topic != changeTopic || !paused {
		return nil
	}
	subscribed, err := q.SubscribedToWebinar(ctx, store.SubscribedToWebinarParams{Accounts: accounts, WebinarID: n.target()})
	if err != nil {
		return fmt.Errorf("read subscriptions: %w", err)
	}
	for _, account := range subscribed {
		w.subscribed[account] = true
	}
	return nil
}

func (w *wishes) paused(account uuid.UUID) bool {
	until := w.settings[account].PausedUntil
	return until != nil && until.After(w.now)
}

// wants tells whether somebody wants this kind of news on a channel: the most particular thing that was said counts, and without a
// word everybody is told.
func (w *wishes) wants(account uuid.UUID, about []uuid.UUID, channel eventpb.Channel) bool {
	for _, target := range about {
		if enabled, said := w.choices[choice{account, target, named(channel)}]; said {
			return enabled
		}
	}
	enabled, said := w.choices[choice{account, uuid.Nil, named(channel)}]
	return enabled || !said
}

// way is how one person is told.
type way struct {
	channel eventpb.Channel
	due     time.Time // zero: at once
}

// ways are how somebody is told of news; digest is whether they hear of it in the digest beside.
//
//	pause         what rings is left out; a change of the very webinar that one subscribed to still comes
//	digest        what rings waits for it
//	quiet hours   what rings waits until their end
//	change        reaches everybody, at least on the site
func (w *wishes) ways(n *news, p person) (ways []way, digest bool) {
	for _, channel := range w.rings(n, p.AccountID) {
		ways = append(ways, way{channel, w.due(n, p)})
	}
	if n.digest && len(ways) > 0 && w.digests(p.AccountID) {
		ways, digest = nil, true
	}
	unheard := n.topic == changeTopic && !slices.ContainsFunc(ways, func(one way) bool { return one.channel == eventpb.Channel_CHANNEL_EMAIL })
	if unheard || w.wants(p.AccountID, n.about, eventpb.Channel_CHANNEL_SITE) {
		ways = append([]way{{channel: eventpb.Channel_CHANNEL_SITE}}, ways...)
	}
	return ways, digest
}

// rings are the channels beside the site on which somebody is told: those that make a noise.
func (w *wishes) rings(n *news, account uuid.UUID) []eventpb.Channel {
	if n.topic != "" && w.paused(account) && (n.topic != changeTopic || !w.subscribed[account]) {
		return nil
	}
	var all []eventpb.Channel
	for _, channel := range ringing() {
		if w.reaches(account, channel) && w.wants(account, n.about, channel) {
			all = append(all, channel)
		}
	}
	return all
}

// ringing are the channels beside the site.
func ringing() []eventpb.Channel {
	return []eventpb.Channel{eventpb.Channel_CHANNEL_EMAIL, eventpb.Channel_CHANNEL_PUSH}
}

// reaches tells whether a message on a channel could come to somebody at all.
func (w *wishes) reaches(account uuid.UUID, channel eventpb.Channel) bool {
	return channel != eventpb.Channel_CHANNEL_PUSH || w.devices[account]
}

// digests tells whether somebody wants articles gathered.
func (w *wishes) digests(account uuid.UUID) bool {
	mode := w.settings[account].ArticleDigest
	return mode == "daily" || mode == "weekly"
}

// due is when what would ring may come: after the quiet hours, unless it would then be worth nothing, such as the reminder that
// somebody asked for an hour before the start.
func (w *wishes) due(n *news, p person) time.Time {
	setting := w.settings[p.AccountID]
	zone := w.zone(p.Zone)
	if setting.QuietFrom == nil || setting.QuietTo == nil || zone == nil {
		return time.Time{}
	}
	h := hours{zone, *setting.QuietFrom, *setting.QuietTo}
	end, known := w.ends[h]
	if !known {
		end = h.ends(w.now)
		w.ends[h] = end
	}
	if !end.After(w.now) || !n.until.IsZero() && end.Add(stillUseful).After(n.until) {
		return time.Time{}
	}
	return end
}

// named is a channel as preferences and deliveries call it.
func named(channel eventpb.Channel) string {
	switch channel {
	case eventpb.Channel_CHANNEL_EMAIL:
		return "email"
	case eventpb.Channel_CHANNEL_PUSH:
		return "push"
	case eventpb.Channel_CHANNEL_SITE, eventpb.Channel_CHANNEL_UNSPECIFIED:
	}
	return "site"
}

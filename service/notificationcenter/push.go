package notificationcenter

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/reach"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/vapid"
)

const (
	pushWithin  = 10 * time.Second
	pushAnswer  = 4 << 10             // of the push service's answer, at most
	pushKeeps   = 7 * 24 * time.Hour  // what never gets stale, and finds a phone that is off
	pushPause   = time.Minute         // for a push service that asks for patience without saying how much
	pushPatient = 15 * time.Minute    // at most, whatever it says
	urgentPush  = int16(soonPriority) // wakes a phone that saves its battery
)

// soonPriority is what the task runner gives to what people wait for.
const soonPriority = 5

// pusher hands messages to the services of browser makers, encrypted for the browser (RFC 8291) and signed by us (RFC 8292).
// webpush-go does both, as the field's own library for Go.
type pusher struct {
	keys    vapid.Keys
	contact string
	client  *http.Client
	store   *store.Queries
	now     func() time.Time

	mu    sync.Mutex
	pause map[string]time.Time // push services that want to be left alone until then, by host
}

func (s *server) newPusher() *pusher {
	dial := reach.Public
	if s.config.PushLocal {
		dial = reach.Anywhere
	}
	return &pusher{
		keys: vapid.From(s.config.PushKey.Reveal()), contact: s.config.PushContact, store: s.store, now: s.Now, pause: map[string]time.Time{},
		client: &http.Client{
			Timeout: pushWithin, Transport: &http.Transport{DialContext: dial(), MaxIdleConnsPerHost: s.config.Workers, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// errNobody says that there is no browser to tell any more.
var errNobody = errors.New("no browser is turned on any more")

// errAway says that a browser does not want to hear of us again.
var errAway = errors.New("the browser has unsubscribed")

// push tells all browsers of a person that have not been told yet. One that refuses harms no other, and is not told again of the
// same; the message is tried again while there is one that could not be reached.
//
//	browser ──2xx──> told     ──404, 410──> forgotten     ──other 4xx──> given up for this message     ──429, 5xx, no answer──> again
func (p *pusher) push(ctx context.Context, t *task) error {
	devices, err := p.store.DevicesFor(ctx, store.DevicesForParams{AccountID: t.account, MessageID: t.ID})
	if err != nil {
		return fmt.Errorf("read browsers: %w", err)
	}
	told, refused, again := 0, error(nil), error(nil)
	for _, d := range devices {
		switch err := p.tell(ctx, t, d); {
		case err == nil:
			told++
			again = errors.Join(again, p.store.DeviceTook(ctx, store.DeviceTookParams{ID: d.ID, MessageID: t.ID, Now: p.now()}))
		case errors.Is(err, errAway):
			again = errors.Join(again, p.store.DeviceGone(ctx, d.ID))
		case errors.Is(err, errHopeless):
			refused = err
			again = errors.Join(again, p.store.DeviceRefused(ctx, store.DeviceRefusedParams{ID: d.ID, MessageID: t.ID, Reason: plain(err), Now: p.now()}))
		default:
			again = errors.Join(again, err)
		}
	}
	switch {
	case again != nil:
		return again
	case told > 0:
		return nil
	}
	done, err := p.store.PushDone(ctx, t.ID)
	switch {
	case err != nil:
		return fmt.Errorf("read what was done: %w", err)
	case done: // by an earlier try
		return nil
	case refused != nil:
		return refused
	}
	return errNobody
}

// plain is what is kept of a refusal: no endpoint, which is a secret of the browser.
func plain(err error) string {
	var refusal *refusalError
	if errors.As(err, &refusal) {
		return refusal.Error()
	}
	return "the browser cannot be reached by what it gave us"
}

// refusalError is what a push service answered.
type refusalError struct{ status int }

func (e *refusalError) Error() string {
	return fmt.Sprintf("the push service answered %d %s", e.status, http.StatusText(e.status))
}

func (p *pusher) tell(ctx context.Context, t *task, d store.DevicesForRow) error {
	host := hostOf(d.Endpoint)
	if until := p.paused(host); !until.IsZero() {
		return fmt.Errorf("the push service wants to be asked again after %s", until.UTC().Format(time.TimeOnly))
	}
	body, err := json.Marshal(map[string]string{
		"title": t.message.Subject, "text": t.message.Push, "path": t.GetPath(), "tag": t.ID.String(), "language": t.GetLanguage(),
	})
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, pushWithin)
	defer cancel()
	answer, err := webpush.SendNotificationWithContext(ctx, body,
		&webpush.Subscription{Endpoint: d.Endpoint, Keys: webpush.Keys{P256dh: d.P256dh, Auth: d.Auth}}, p.options(t))
	switch {
	case err == nil:
	case reach.Refused(err):
		return fmt.Errorf("%w: %w", errHopeless, err)
	default:
		return errors.New("the push service cannot be reached") // the cause names the endpoint, which is a secret of the browser
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, pushAnswer) // so that the connection can be used again
	return p.read(answer, host)
}

// read tells what an answer means.
func (p *pusher) read(answer *http.Response, host string) error {
	refusal := &refusalError{answer.StatusCode}
	switch status := answer.StatusCode; {
	case status < http.StatusMultipleChoices:
		return nil
	case status == http.StatusNotFound, status == http.StatusGone:
		return errAway
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		p.rest(host, answer.Header.Get("Retry-After"))
		return refusal
	default:
		return fmt.Errorf("%w: %w", errHopeless, refusal)
	}
}

func (p *pusher) options(t *task) *webpush.Options {
	keeps := pushKeeps
	if t.GetExpiresAt() != nil {
		keeps = max(0, t.GetExpiresAt().AsTime().Sub(p.now()))
	}
	urgency := webpush.UrgencyNormal
	if t.Priority >= urgentPush {
		urgency = webpush.UrgencyHigh
	}
	return &webpush.Options{
		HTTPClient: p.client, Subscriber: p.contact, VAPIDPublicKey: p.keys.Public, VAPIDPrivateKey: p.keys.Private,
		TTL: int(keeps.Seconds()), Urgency: urgency, Topic: topicOf(t.GetDedupeKey()),
	}
}

// topicOf is the same for each try, so that the push service keeps one of them.
func topicOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

// paused is until when a push service wants to be left alone; zero if it does not.
func (p *pusher) paused(host string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.pause[host]
	if until.After(p.now()) {
		return until
	}
	delete(p.pause, host)
	return time.Time{}
}

// rest notes that a push service wants to be left alone, for so many seconds or until a date.
func (p *pusher) rest(host, after string) {
	now := p.now()
	until := now.Add(pushPause)
	if seconds, err := strconv.Atoi(after); err == nil {
		until = now.Add(time.Duration(max(0, seconds)) * time.Second)
	} else if at, err := http.ParseTime(after); err == nil {
		until = at
	}
	if most := now.Add(pushPatient); until.After(most) {
		until = most
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause[host] = until
}

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
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/reach"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/vapid"
)

const (
	pushWithin = 10 * time.Second
	pushAnswer = 4 << 10             // of the push service's answer, at most
	pushHead   = 16 << 10            // of what stands before it: whose service it is says the browser, and Go would take 10 MB
	pushKeeps  = 7 * 24 * time.Hour  // what never gets stale, and finds a phone that is off
	urgentPush = int16(soonPriority) // wakes a phone that saves its battery
)

// soonPriority is what the task runner gives to what people wait for.
const soonPriority = 5

// pusher hands messages to the services of browser makers, encrypted for the browser (RFC 8291) and signed by us (RFC 8292).
//
// webpush-go does both, because it is what others use for it in Go: a page of code over the standard library's curves and golang-jwt, which
// we have anyway. It also makes the request, so all that is left to us is where to connect to, when, and what an answer means. Who
// doubts its cryptography finds the same written a second time in the tests, from the RFCs.
type pusher struct {
	keys    vapid.Keys
	contact string
	client  *http.Client
	store   *store.Queries
	now     func() time.Time
	lanes   *lanes
}

func (s *server) newPusher() *pusher {
	dial := reach.Public
	if s.config.PushLocal {
		dial = reach.Anywhere
	}
	return &pusher{
		keys: vapid.From(s.config.PushKey.Reveal()), contact: s.config.PushContact, store: s.store, now: s.Now,
		lanes: newLanes(s.Now, cap(s.places)),
		client: &http.Client{
			Timeout: pushWithin, Transport: &http.Transport{
				DialContext: dial(), MaxIdleConnsPerHost: beside, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: pushHead,
			},
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
	outcomes := make([]outcome, len(devices))
	var asking sync.WaitGroup // of ten at most: nobody has more browsers
	for i, d := range devices {
		asking.Go(func() { outcomes[i] = p.settle(ctx, t, d) })
	}
	asking.Wait()
	told, refused, again := 0, error(nil), error(nil)
	for _, o := range outcomes {
		if o.told {
			told++
		}
		if o.refused != nil {
			refused = o.refused
		}
		again = errors.Join(again, o.again)
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

// outcome is what became of a message in one browser.
type outcome struct {
	told    bool
	refused error // for good
	again   error
}

// settle tells one browser and keeps what became of it.
func (p *pusher) settle(ctx context.Context, t *task, d store.DevicesForRow) outcome {
	switch err := p.tell(ctx, t, d); {
	case err == nil:
		return outcome{told: true, again: p.store.DeviceTook(ctx, store.DeviceTookParams{ID: d.ID, MessageID: t.ID, Now: p.now()})}
	case errors.Is(err, errAway):
		return outcome{again: p.store.DeviceGone(ctx, d.ID)}
	case errors.Is(err, errHopeless):
		return outcome{refused: err, again: p.store.DeviceRefused(ctx, store.DeviceRefusedParams{ID: d.ID, MessageID: t.ID, Reason: plain(err), Now: p.now()})}
	default:
		return outcome{again: err}
	}
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
	leave, err := p.lanes.enter(host)
	if err != nil {
		return err
	}
	defer leave()
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
	if err != nil {
		return p.unsent(host, err)
	}
	p.lanes.answers(host)
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, pushAnswer) // so that the connection can be used again
	return p.read(answer, host)
}

// unsent tells what it means that there was no answer. What fails before anything was sent, such as encrypting for a key that is none,
// fails each time. Causes name the endpoint, which is a secret of the browser, so they are left out.
func (p *pusher) unsent(host string, err error) error {
	var request *url.Error
	switch {
	case reach.Refused(err):
		return fmt.Errorf("%w: %w", errHopeless, err)
	case !errors.As(err, &request):
		return fmt.Errorf("%w: the message cannot be encrypted for this browser", errHopeless)
	case request.Timeout():
		p.lanes.hangs(host)
		return errors.New("the push service did not answer in time")
	default:
		return errors.New("the push service cannot be reached")
	}
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
		p.lanes.rest(host, answer.Header.Get("Retry-After"))
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

package bff

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/obs"
)

// The registry is somebody else's server: it may be slow, down or wrong, and that may block nobody. It gets two seconds;
// after three failures in a row it is left alone for half a minute.
//
//	closed ──3 failures──> open ──30 s──> one try ──> closed or open
const (
	registryTime     = 2 * time.Second
	registryFailures = 3
	registryRest     = 30 * time.Second
	registryAnswer   = 64 << 10
)

type registry struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu       sync.Mutex
	failures int
	until    time.Time
}

func newRegistry(address string, now func() time.Time) *registry {
	return &registry{url: strings.TrimSuffix(address, "/"), client: &http.Client{Timeout: registryTime}, now: now}
}

// person is what the registry answers to GET /people?country=SI&licence=12345.
type person struct {
	Name       string `json:"name"`
	Profession string `json:"profession"`
	Speciality string `json:"speciality"`
	ValidUntil string `json:"valid_until"` // 2027-12-31; empty for no limit
	Status     string `json:"status"`      // active, suspended, expired
}

// asked is what a person says of themselves.
type asked struct{ country, licence, name, profession, speciality string }

// ask never fails: what cannot be found out is said in the state.
func (r *registry) ask(ctx context.Context, q asked) *datamanagementpb.Registry {
	if r.url == "" {
		return &datamanagementpb.Registry{State: "not_asked"}
	}
	if !r.allowed() {
		return &datamanagementpb.Registry{State: "unavailable"}
	}
	found, p, err := r.fetch(ctx, q)
	r.record(err == nil)
	switch {
	case err != nil:
		obs.Event(ctx).Set("registry", err.Error())
		return &datamanagementpb.Registry{State: "unavailable"}
	case !found:
		return &datamanagementpb.Registry{State: "not_found"}
	}
	return &datamanagementpb.Registry{
		State: "found", Name: short(p.Name), Profession: short(p.Profession), Speciality: short(p.Speciality), ValidUntil: short(p.ValidUntil),
		Flags: flags(q, p, r.now()),
	}
}

func short(s string) string {
	if letters := []rune(s); len(letters) > 120 {
		return string(letters[:120])
	}
	return s
}

func (r *registry) fetch(ctx context.Context, q asked) (bool, person, error) {
	ctx, cancel := context.WithTimeout(ctx, registryTime)
	defer cancel()
	address := r.url + "/people?" + url.Values{"country": {q.country}, "licence": {q.licence}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false, person{}, fmt.Errorf("ask the registry: %w", err)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return false, person{}, fmt.Errorf("ask the registry: %w", err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return false, person{}, nil
	default:
		return false, person{}, fmt.Errorf("the registry answered %d", answer.StatusCode)
	}
	var p person
	if err := json.NewDecoder(io.LimitReader(answer.Body, registryAnswer)).Decode(&p); err != nil {
		return false, person{}, fmt.Errorf("read the answer of the registry: %w", err)
	}
	return true, p, nil
}

func (r *registry) allowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now().Before(r.until) {
		return false
	}
	if r.failures >= registryFailures {
		r.until = r.now().Add(registryRest) // this one tries, the others wait for what it finds
	}
	return true
}

func (r *registry) record(ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		r.failures, r.until = 0, time.Time{}
		return
	}
	if r.failures++; r.failures >= registryFailures {
		r.until = r.now().Add(registryRest)
	}
}

// flags name what differs, for the reviewer to look at.
func flags(q asked, p person, now time.Time) []string {
	var found []string
	for _, c := range []struct{ name, typed, registered string }{
		{"name", q.name, p.Name}, {"profession", q.profession, p.Profession}, {"speciality", q.speciality, p.Speciality},
	} {
		if c.registered != "" && !strings.EqualFold(strings.TrimSpace(c.typed), strings.TrimSpace(c.registered)) {
			found = append(found, c.name)
		}
	}
	if p.Status == "suspended" {
		found = append(found, "suspended")
	}
	if until, err := time.Parse(time.DateOnly, p.ValidUntil); p.Status == "expired" || err == nil && until.AddDate(0, 0, 1).Before(now) {
		found = append(found, "expired")
	}
	return found
}

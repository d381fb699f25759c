package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	"github.com/rounds-cme/rounds/rules/licence"
	"github.com/rounds-cme/rounds/test/fake/registry"
)

type reply struct {
	Found  bool   `json:"found"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

func ask(ctx context.Context, t *testing.T, server *httptest.Server, country, number string) (int, reply, error) {
	t.Helper()
	address := server.URL + "/people?" + url.Values{"country": {country}, "licence": {number}}.Encode()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	a, err := server.Client().Do(q)
	if err != nil {
		return 0, reply{}, err
	}
	defer a.Body.Close()
	var r reply
	err = json.NewDecoder(a.Body).Decode(&r)
	return a.StatusCode, r, err
}

func serve(t *testing.T, r *registry.Registry) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s
}

func known() *registry.Registry {
	return registry.New(registry.Person{Country: "SI", Licence: "0010452", Name: "Maja Primer", Status: "active"})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, known())
	for _, c := range []struct {
		country, number string
		status          int
		name            string
	}{
		{"SI", "0010452", 200, "Maja Primer"},
		{"si", " 0010452 ", 200, "Maja Primer"},
		{"HR", "0010452", 404, ""},
		{"SI", "9999999", 404, ""},
		{"SI", "", 400, ""},
	} {
		status, r, err := ask(t.Context(), t, s, c.country, c.number)
		if err != nil || status != c.status || r.Name != c.name || r.Found != (c.status == 200) {
			t.Errorf("%s %q: %d %+v %v", c.country, c.number, status, r, err)
		}
	}
}

func TestTroubleComesAndGoes(t *testing.T) {
	t.Parallel()
	r := known()
	s := serve(t, r)
	r.Suffer(registry.Trouble{Status: http.StatusServiceUnavailable})
	if status, _, _ := ask(t.Context(), t, s, "SI", "0010452"); status != http.StatusServiceUnavailable {
		t.Errorf("down: %d", status)
	}
	r.Suffer(registry.Trouble{Broken: true})
	if status, _, err := ask(t.Context(), t, s, "SI", "0010452"); status != http.StatusOK || err == nil {
		t.Errorf("broken: %d %v", status, err)
	}
	r.Suffer(registry.Trouble{Delay: time.Hour})
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := ask(short, t, s, "SI", "0010452"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
	r.Suffer(registry.Trouble{})
	if status, got, err := ask(t.Context(), t, s, "SI", "0010452"); status != http.StatusOK || !got.Found || err != nil {
		t.Errorf("well again: %d %+v %v", status, got, err)
	}
	if r.Asked() != 4 {
		t.Errorf("asked %d times, want 4", r.Asked())
	}
}

// Everybody in the demo could have registered through the form, and its registry's answers would pass it too.
func TestDemoPeopleCouldRegister(t *testing.T) {
	t.Parallel()
	data, err := demo.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range data.People {
		if !licence.Profession(p.Profession) || !licence.Speciality(p.Speciality) || !licence.Country(p.Country) || !licence.Number(p.Country, p.Licence) {
			t.Errorf("%s: the form would not take %s, %s, %s %s", p.Key, p.Profession, p.Speciality, p.Country, p.Licence)
		}
	}
}

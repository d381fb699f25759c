package registry_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	"github.com/rounds-cme/rounds/cmd/rounds/demo/registry"
)

type reply struct {
	Found      bool   `json:"found"`
	Name       string `json:"name"`
	Speciality string `json:"speciality"`
	Status     string `json:"status"`
}

func ask(t *testing.T, r *registry.Registry, country, number string) (status int, found reply) {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/people?"+url.Values{"country": {country}, "licence": {number}}.Encode(), http.NoBody))
	if err := json.Unmarshal(w.Body.Bytes(), &found); err != nil {
		t.Fatalf("%s %s: %v", country, number, err)
	}
	return w.Code, found
}

// Everybody in the demo is known; one of those who wait differs from what they typed.
func TestDemoPeopleAreRegistered(t *testing.T) {
	t.Parallel()
	data, err := demo.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Demo(data)
	var differ []string
	for _, p := range data.People {
		status, found := ask(t, r, p.Country, p.Licence)
		if status != http.StatusOK || !found.Found || found.Name != p.Name || found.Status != "active" {
			t.Errorf("%s: %d %+v", p.Key, status, found)
		}
		if found.Speciality != p.Speciality {
			differ = append(differ, p.State)
		}
	}
	if len(differ) != 1 || differ[0] != "in_review" {
		t.Errorf("differ: %v", differ)
	}
	for number, want := range map[string]string{"0029001": "active", "0029002": "suspended", "0029003": "expired"} {
		if _, found := ask(t, r, "SI", number); found.Status != want {
			t.Errorf("%s: %+v", number, found)
		}
	}
}

func TestNobody(t *testing.T) {
	t.Parallel()
	r := registry.New(registry.Person{Country: "SI", Licence: "0010452", Name: "Maja Primer", Status: "active"})
	if status, found := ask(t, r, "HR", "0010452"); status != http.StatusNotFound || found.Found {
		t.Errorf("%d %+v", status, found)
	}
	if status, _ := ask(t, r, "SI", ""); status != http.StatusBadRequest {
		t.Errorf("without a number: %d", status)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestDemo fills an empty Rounds, then fills it again as after an interruption: nothing is there twice, and the accounts
// that are printed can log in.
func TestDemo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	p, site, _ := upIn(t, data, "--demo")
	p.says("Ctrl-C stops it")
	for _, address := range []string{"applicant", "member", "host", "administrator", "analyst"} {
		if !strings.Contains(p.all(), address+"@rounds.example") {
			t.Errorf("the account of the %s is not printed", address)
		}
	}
	articles := func(site string) int {
		status, page := get(site + "/articles")
		if status != http.StatusOK {
			t.Fatalf("the articles answer %d", status)
		}
		return strings.Count(page, `href="/articles/`)
	}
	webinars := func(site string) string { // those ahead, of which one goes live by itself in the meantime, and those of the past
		counts := map[string]int{}
		for _, when := range []string{"live", "upcoming", "past"} {
			_, list := get(site + "/api/webinars?page_size=100&when=" + when)
			counts[when] = strings.Count(list, `"slug":`) / 3 // of itself, its lecturer and its category
		}
		return fmt.Sprint(counts["live"]+counts["upcoming"], " ahead, ", counts["past"], " past")
	}
	programme := webinars(site)
	if programme != "6 ahead, 4 past" {
		t.Errorf("webinars: %s", programme)
	}
	before := articles(site)
	if before < 8 {
		t.Fatalf("%d links to articles", before)
	}
	if code, _ := p.stop(syscall.SIGINT); code != 0 {
		t.Fatalf("ended with %d", code)
	}
	if err := os.Remove(filepath.Join(data, seeded)); err != nil {
		t.Fatal(err)
	}
	p, site, _ = upIn(t, data, "--demo")
	p.says("Ctrl-C stops it")
	if after := articles(site); after != before {
		t.Errorf("%d links to articles after filling again, %d before", after, before)
	}
	asksRegistry(t, site)
	hasPoints(t, site)
	hasAppeal(t, site)
	if again := webinars(site); again != programme {
		t.Errorf("webinars: %s after filling again, %s before", again, programme)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := url.Values{"email": {"administrator@rounds.example"}, "password": {"rounds-demo-2026"}}
	answer, err := client.PostForm(site+"/auth/login", form) //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) == 0 {
		t.Errorf("the demo's administrator cannot log in: %d", answer.StatusCode)
	}
	p.stop(syscall.SIGINT)
}

// asksRegistry looks at the applications of the demo as its administrator: the registry beside it was asked about each,
// and of one it says something else.
func asksRegistry(t *testing.T, site string) {
	t.Helper()
	administrator := loggedIn(t, site, "administrator@rounds.example")
	page := func(path string) string {
		t.Helper()
		answer, err := administrator.Get(site + path) //nolint:noctx // A test.
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d, %v", path, answer.StatusCode, err)
		}
		return string(text)
	}
	links := regexp.MustCompile(`/backoffice/applications/[0-9a-f-]{36}`).FindAllString(page("/backoffice/applications"), -1)
	slices.Sort(links)
	links = slices.Compact(links)
	differ := 0
	for _, link := range links {
		review := page(link)
		if !strings.Contains(review, `data-registry="found"`) {
			t.Errorf("%s: the registry was not asked", link)
		}
		if strings.Contains(review, "Oncology") {
			differ++
		}
	}
	if len(links) != 3 || differ != 1 {
		t.Errorf("%d applications, of which %d differ from the registry, want 3 and 1", len(links), differ)
	}
}

// loggedIn is a browser, as it were, of somebody of the demo.
func loggedIn(t *testing.T, site, email string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	answer, err := client.PostForm(site+"/auth/login", url.Values{"email": {email}, "password": {"rounds-demo-2026"}}) //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return client
}

// hasPoints sees that what the member watched in the past was credited and, but for the last webinar, booked.
func hasPoints(t *testing.T, site string) {
	t.Helper()
	answer, err := loggedIn(t, site, "member@rounds.example").Get(site + "/api/me/page") //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if accepted, earned := strings.Count(string(page), `"state":"accepted"`), strings.Count(string(page), `"state":"earned"`); accepted != 3 || earned != 1 {
		t.Errorf("%d webinars are booked and %d only earned, want 3 and 1: %s", accepted, earned, page)
	}
}

// hasAppeal sees that one appeal waits, once though the demo was filled twice, and that the checks beside it came when the seed says.
func hasAppeal(t *testing.T, site string) {
	t.Helper()
	administrator := loggedIn(t, site, "administrator@rounds.example")
	ask := func(path string, into any) {
		t.Helper()
		answer, err := administrator.Get(site + path) //nolint:noctx // A test.
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d, %v", path, answer.StatusCode, err)
		}
	}
	var list struct {
		Waiting int
		Appeals []struct{ ID string }
	}
	ask("/api/appeals", &list)
	if list.Waiting != 1 || len(list.Appeals) != 1 {
		t.Fatalf("appeals: %+v, want one that waits", list)
	}
	var it struct {
		Evidence struct {
			Recomputed, Intact bool

			Checks []struct{ Fate string }
		}
	}
	ask("/api/appeals/"+list.Appeals[0].ID, &it)
	missed := 0
	for _, c := range it.Evidence.Checks {
		if c.Fate == "missed" {
			missed++
		}
	}
	if !it.Evidence.Recomputed || !it.Evidence.Intact || missed != 2 {
		t.Errorf("%d checks are missed, want 2; recomputed: %t, intact: %t", missed, it.Evidence.Recomputed, it.Evidence.Intact)
	}
}

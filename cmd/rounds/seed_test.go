package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
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

package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// TestActivity follows what a member does into the figures: on the own page at once, with the analyst as numbers alone.
func TestActivity(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	chief := s.Account("chief@rounds.example", "Chief Editor", token.Administrator)
	s.Account("ana@rounds.example", "Ana Novak")
	s.Account("rok@rounds.example", "Rok Mostra", token.Analyst)
	category := uuid.New()
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, []any{category}},
		{`INSERT INTO datamanagement.article (id, slug, kind, language, category_id, author_id, title, summary, body_md, body_html, minutes,
			state, created_at, updated_at, published_at) VALUES (gen_random_uuid(), 'pressure', 'news', 'en', $1, $2, 'Blood pressure', 'S', 'B',
			'<p>B</p>', 1, 'published', now(), now(), now())`, []any{category, chief}},
	} {
		if _, err := s.admin.Exec(t.Context(), statement.sql, statement.args...); err != nil {
			t.Fatal(err)
		}
	}
	ana, rok := chromium.New(t, s.URL), chromium.New(t, s.URL)
	login(ana, "ana@rounds.example")
	for range 3 { // one reading, however often the page is loaded in a day
		ana.Open("/articles/pressure")
	}
	ana.Fill("#f-body", "Which cuff?")
	ana.Press("Comment")
	ana.SeeText("[data-comment]", "Which cuff?")
	ana.Open("/articles?q=pressure")
	ana.SeeText("main", "Blood pressure")
	figures := func(p *browser.Page) string {
		return browser.Eval[string](p, `[...document.querySelectorAll("[data-block=activity] dd")].slice(0, 2).map(e => e.textContent.trim()).join()`)
	}
	s.await("one article read and one comment on her own page", func() bool {
		ana.Open("/me")
		return figures(ana) == "1,1"
	})
	looks(ana, "me-activity", look{390, false}, look{1440, false})

	login(rok, "rok@rounds.example")
	s.await("the analyst sees them", func() bool {
		rok.Open("/analyst?days=1&step=hour")
		return rok.Count("[data-others] dd") == 6 &&
			browser.Eval[string](rok, `document.querySelector("[data-others] dd").textContent`) == "1"
	})
	looks(rok, "analyst-activity", look{390, false}, look{1440, false}, look{1440, true})
	csv := browser.Eval[string](rok, `(() => { const r = new XMLHttpRequest(); r.open("GET", "/analyst/activity.csv?days=1&step=hour", false); r.send(); return r.responseText })()`)
	for _, line := range []string{",article_read,1\n", ",comment_added,1\n", ",article_searched,1\n"} {
		if strings.Count(csv, line) != 1 {
			t.Errorf("the file has no line %q:\n%s", line, csv)
		}
	}
	page := browser.Eval[string](rok, "document.querySelector('main').textContent") + csv
	for _, secret := range []string{"Novak", "ana@", "pressure"} {
		if strings.Contains(page, secret) {
			t.Errorf("the analyst reads %q", secret)
		}
	}
}

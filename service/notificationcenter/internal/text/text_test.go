package text_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/i18n/i18ntest"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

//nolint:gochecknoglobals // That is how the flags of a test are declared.
var update = flag.Bool("update", false, "write the golden files anew")

func writer(t *testing.T) *text.Writer {
	t.Helper()
	w, err := text.New("https://rounds.example")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// The address of the way out of every sample.
const out = "https://rounds.example/unsubscribe?token=t"

func sample(kind, language string) *eventpb.Notification {
	return text.Sample(kind, language, "Europe/Ljubljana", time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC))
}

func TestGolden(t *testing.T) {
	t.Parallel()
	w := writer(t)
	now := time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC)
	if len(w.Kinds()) < 18 {
		t.Fatalf("there are words for %v only", w.Kinds())
	}
	for _, kind := range w.Kinds() {
		for _, language := range []string{"en", "sl"} {
			n := sample(kind, language)
			m, err := w.Write(n, out, now)
			if err != nil {
				t.Fatal(err)
			}
			for ending, got := range map[string]string{
				".txt":  "Subject: " + m.Subject + "\nPush: " + m.Push + "\n\n" + m.Text,
				".html": m.HTML,
			} {
				golden(t, kind+"."+language+ending, got)
			}
			if len([]rune(m.Push)) > text.PushMost || m.Push == "" {
				t.Errorf("%s in %s: push text of %d letters", kind, language, len([]rune(m.Push)))
			}
			if foreign := regexp.MustCompile(`(?i)<img|<script|<link|<style|url\(|@import|<iframe|background=`).FindString(m.HTML); foreign != "" {
				t.Errorf("%s loads something or does not carry its style: %s", kind, foreign)
			}
			if strings.Contains(m.Text, out) != (n.GetTopic() != "") {
				t.Errorf("%s in %s: a way out, where there is a choice and only there", kind, language)
			}
			if strings.Contains(m.Text+m.HTML+m.Subject+m.Push, "no value") || strings.Contains(m.Text, "{{") {
				t.Errorf("%s in %s has a blank that nothing fills:\n%s", kind, language, m.Text)
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // A golden file.
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed (go test -update, if that is right):\n%s", name, got)
	}
}

func TestNightOfClockChange(t *testing.T) {
	t.Parallel()
	n := sample("webinar.moved", "en")
	n.Data["starts_at"] = "2026-10-25T01:30:00Z" // 02:30 comes twice that night in Ljubljana; this is the second one.
	m, err := writer(t).Write(n, "", time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC))
	if err != nil || !strings.Contains(m.Text, "02:30 CET") {
		t.Fatalf("%v\n%s", err, m.Text)
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	n := sample("webinar.cancelled", "en")
	n.Name = `<script>alert(1)</script>`
	n.Data["title"] = "Sepsis\r\nBcc: everybody@rounds.example"
	n.Data["reason"] = `"><img src=x onerror=alert(1)>`
	m, err := writer(t).Write(n, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("the subject breaks out of its header: %q", m.Subject)
	}
	for _, bad := range []string{"<script", "<img"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("%s came through", bad)
		}
	}
}

// Both languages say everything, with all the plural forms that they have.
func TestBothLanguages(t *testing.T) {
	t.Parallel()
	c, err := i18n.Load(os.DirFS("locale"))
	if err != nil {
		t.Fatal(err)
	}
	i18ntest.Same(t, c)
}

// A digest of a hostile author leads nowhere else, and one article is one line.
func TestDigestIsAList(t *testing.T) {
	t.Parallel()
	n := sample("article.digest", "en")
	n.Data["titles"] = "One\t/articles/one\n<b>Two</b>\t//evil.example/x\n\n \t/articles/none\nThree"
	m, err := writer(t).Write(n, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(m.HTML, "<li"); got != 3 {
		t.Errorf("%d items, want 3", got)
	}
	if strings.Contains(m.HTML+m.Text, "evil.example") || strings.Contains(m.HTML, "<b>") {
		t.Error("an item leads away or brings its own HTML")
	}
	if !strings.Contains(m.Text, "One\nhttps://rounds.example/articles/one\n") {
		t.Errorf("the text has no list:\n%s", m.Text)
	}
}

func TestLongPushIsCutBetweenWords(t *testing.T) {
	t.Parallel()
	for _, title := range []string{strings.Repeat("ženščina ", 40), strings.Repeat("č", 400)} {
		n := sample("webinar.live", "sl")
		n.Data["title"] = title
		m, err := writer(t).Write(n, "", time.Now())
		if err != nil || len([]rune(m.Push)) > text.PushMost || !strings.HasSuffix(m.Push, "…") {
			t.Errorf("%v: %q", err, m.Push)
		}
	}
}

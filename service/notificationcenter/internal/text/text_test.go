package text_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
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

// sample has everything that any kind may mention.
func sample(kind, language string) *eventpb.Notification {
	return &eventpb.Notification{
		Kind: kind, Name: "Ana Zgled", Language: language, Zone: "Europe/Ljubljana", Path: "/webinars/sepsis",
		Data: map[string]string{
			"title": "Sepsis in the first hour", "lecturer": "Dr. Miha Vzorec", "starts_at": "2026-11-26T17:00:00Z", "minutes": "60",
			"reason": "The lecturer is ill.", "summary": "What the new guideline changes.", "hundredths": "150",
		},
		ExpiresAt: timestamppb.New(time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC)),
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	w := writer(t)
	now := time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC)
	if len(w.Kinds()) < 9 {
		t.Fatalf("there are words for %v only", w.Kinds())
	}
	for _, kind := range w.Kinds() {
		for _, language := range []string{"en", "sl"} {
			m, err := w.Write(sample(kind, language), now)
			if err != nil {
				t.Fatal(err)
			}
			for ending, got := range map[string]string{".txt": "Subject: " + m.Subject + "\n\n" + m.Text, ".html": m.HTML} {
				golden(t, kind+"."+language+ending, got)
			}
			if strings.Contains(m.Text+m.HTML+m.Subject, "<no value>") || strings.Contains(m.Text, "{{") {
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
	m, err := writer(t).Write(n, time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC))
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
	m, err := writer(t).Write(n, time.Now())
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

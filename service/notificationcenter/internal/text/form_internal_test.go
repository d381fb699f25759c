package text

import (
	"testing"
	"time"
)

// A form that is filled is what the layout writes for that person, for every kind, and also the second time.
func TestFormsAreWhatTheLayoutWrites(t *testing.T) {
	t.Parallel()
	w, err := New("https://rounds.example")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC)
	ways := []string{"", "https://rounds.example/unsubscribe?token=a_b-c", `https://rounds.example/?a="><b>&č`}
	for _, kind := range w.Kinds() {
		for _, language := range []string{"en", "sl"} {
			for _, name := range []string{"Ana", `<i>"Žan" & 'Čuk'</i> + Co.`, "", "a\x00b"} {
				n := Sample(kind, language, "Europe/Ljubljana", now)
				n.Name = name
				hello := hello(w.catalog.Speaker(language, n.GetZone(), now), name)
				for _, way := range ways {
					want, err := w.write(n, hello, way, now)
					if err != nil {
						t.Fatal(err)
					}
					for range 2 {
						if got, err := w.Write(n, way, now); err != nil || got != want {
							t.Fatalf("%s in %s for %q, %v:\n%+v\nwant\n%+v", kind, language, name, err, got, want)
						}
					}
				}
				long, err := w.Write(n, "", now)
				if got := w.Short(n, now); err != nil || got != (Message{Subject: long.Subject, Push: long.Push}) {
					t.Errorf("%s in %s: %+v, %v; want what the mail says: %+v", kind, language, got, err, long)
				}
			}
		}
	}
	if len(w.forms.known) > mostForms {
		t.Errorf("%d forms are kept", len(w.forms.known))
	}
}

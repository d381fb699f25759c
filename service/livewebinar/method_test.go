package livewebinar

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeTellsWhoMayCall holds the table of the README against the code.
func TestReadmeTellsWhoMayCall(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	names := regexp.MustCompile("`([a-z]+\\.[a-z]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		for _, name := range names.FindAllStringSubmatch(cells[2], -1) {
			told[name[1]] = strings.TrimSpace(cells[1])
		}
	}
	for name, m := range methods() {
		if told[name] != m.who {
			t.Errorf("%s is for %q; the README says %q", name, m.who, told[name])
		}
	}
}

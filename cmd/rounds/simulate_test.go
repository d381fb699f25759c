package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
)

func simulate(arguments ...string) (code int, out, told string) {
	var stdout, stderr bytes.Buffer
	code = execute(append([]string{"simulate", "webinar"}, arguments...), nil, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestSimulateTable(t *testing.T) {
	t.Parallel()
	code, out, told := simulate("--viewers", "400", "--minutes", "30", "--seed", "7", "--incident", "10m+3m")
	if code != 0 || told != "" {
		t.Fatalf("code %d: %s", code, told)
	}
	for _, line := range []string{"400 viewers, 30 minutes, seed 7.", "Not creditable: break after 15 minutes, for 2.", "60 s to reconnect, 10 % of the programme in all", "An outage after 10 minutes took 3:00 from the programme; 25:00 could be watched.", "BEHAVIOUR", "two devices", "heartbeats refused: not joined", "Beware, bouncing: "} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in\n%s", line, out)
		}
	}
	if _, again, _ := simulate("--viewers", "400", "--minutes", "30", "--seed", "7", "--incident", "10m+3m"); again != out {
		t.Error("the same seed, another table")
	}
}

func TestSimulateSegments(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]credit.Seconds{
		"":                         55 * 60,
		"--segment none":           60 * 60,
		"--segment sponsor:50m+5m": 55 * 60,
		"--segment lobby:0m+3m --segment break:20m+10m": 47 * 60,
	} {
		code, out, told := simulate(append(strings.Fields(flags), "--viewers", "3", "--json")...)
		var report simulation.Report
		if err := json.Unmarshal([]byte(out), &report); code != 0 || err != nil || report.Creditable != want {
			t.Errorf("%s: code %d, %d s creditable, %v %s", flags, code, report.Creditable, err, told)
		}
	}
}

func TestSimulateHelp(t *testing.T) {
	t.Parallel()
	code, out, _ := simulate("--help")
	if code != 0 || !strings.Contains(out, "two_devices") || strings.Contains(out, "--database-url") {
		t.Errorf("code %d: the help should speak of the dry run alone:\n%s", code, out)
	}
}

func TestSimulateJSON(t *testing.T) {
	t.Parallel()
	rule := filepath.Join(t.TempDir(), "rule.json")
	if err := os.WriteFile(rule, []byte(`{"min_percent": 100}`), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, told := simulate("--rule", rule, "--viewers", "10", "--share", "leaving=1", "--json")
	if code != 0 {
		t.Fatalf("code %d: %s", code, told)
	}
	var report simulation.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Segments) != 1 || report.Uncreditable != 300 {
		t.Errorf("no break in the middle: %+v, %d s", report.Segments, report.Uncreditable)
	}
	if report.Rule.MinPercent != 100 || report.Passed != 0 || len(report.Groups) != 1 || report.Groups[0].People != 10 {
		t.Errorf("%+v", report)
	}
}

func TestSimulateRefusesInOneSentence(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "rule.json")
	if err := os.WriteFile(broken, []byte(`{"min_percnt": 80}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ arguments, told string }{
		{"--viewers 1001", "rounds: viewers: enter a number from 1 to 1000"},
		{"--minutes 0", "rounds: minutes: enter a number from 1 to 480"},
		{"--incident soon", "enter whole minutes, such as 10m+3m"},
		{"--segment break", "enter break, sponsor or lobby with whole minutes"},
		{"--segment dinner:30m+5m", "a part is break, sponsor or lobby"},
		{"--segment lobby:0m+3m,sponsor:59m+2m", "rounds: sponsor minutes: enter a number from 1 to 1"},
		{"--incident 59m+3m", "rounds: outage minutes: enter a number from 1 to 1"},
		{"--share sleeping=3", "there are cheats, honest, late"},
		{"--share honest=0", "with a share above 0"},
		{"--rule nowhere.json", "rounds: the rule nowhere.json cannot be read: no such file or directory"},
		{"--rule " + broken, "is no rule: parse rule: json: unknown field"},
	} {
		code, out, told := simulate(strings.Fields(c.arguments)...)
		if code != 1 || out != "" || !strings.Contains(told, c.told) || strings.Count(told, "\n") != 1 {
			t.Errorf("%s: code %d, %q, %q", c.arguments, code, out, told)
		}
	}
}

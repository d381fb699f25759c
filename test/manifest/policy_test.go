package manifest_test

import (
	"os/exec"
	"strings"
	"testing"
)

// accepted are checks of kube-score that we do not follow, with the reason.
var accepted = []string{
	"container-image-pull-policy",              // a tag is never used again, so what a node has is the same
	"container-security-context-user-group-id", // images of others have numbers of their own below 10,000
	"pod-probes-identical",                     // for PostgreSQL, Redis and NGINX "does it answer" is both questions; only the patience differs
	"deployment-has-host-podantiaffinity",      // topologySpreadConstraints say the same, by zone too
	"deployment-replicas",                      // the small size says so; Redis keeps nothing
	"deployment-strategy",                      // two Redis at once would be two truths
}

// TestPolicy asks a linter that knows what clusters are usually held to.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, file := range sizes {
		arguments := []string{"tool", "-modfile=tools/policy/go.mod", "kube-score", "score", "--kubernetes-version", "v1.30", "-o", "ci", "--ignore-container-cpu-limit"}
		for _, check := range accepted {
			arguments = append(arguments, "--ignore-test", check)
		}
		score := exec.CommandContext(t.Context(), "go", append(arguments, "-")...) //nolint:gosec // ours
		score.Dir = "../.."
		score.Stdin = strings.NewReader(strings.Join(rendered(t, file, nil), "\n---\n"))
		out, err := score.CombinedOutput()
		if !strings.Contains(string(out), "[OK]") {
			t.Fatalf("%s: it looked at nothing: %v: %s", file, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "[CRITICAL]") || strings.HasPrefix(line, "[WARNING]") {
				t.Errorf("%s: %s", file, line)
			}
		}
	}
}

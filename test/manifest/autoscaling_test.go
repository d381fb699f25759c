package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	autoscaling "k8s.io/api/autoscaling/v2"
)

// TestAutoscalersAskForWhatIsThere: a metric, or a state of messages, that the program does not tell would never start a pod.
func TestAutoscalersAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, pattern := range []string{"../../kit/queue/*.go", "../../service/livewebinar/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	asked := 0
	for _, o := range objects(t, "values-standard.yaml", nil) {
		scaler, ok := o.any.(*autoscaling.HorizontalPodAutoscaler)
		if !ok {
			continue
		}
		for _, m := range scaler.Spec.Metrics {
			var wanted []string
			switch {
			case m.Pods != nil:
				wanted = []string{`"` + m.Pods.Metric.Name + `"`}
			case m.External != nil:
				wanted = []string{`"` + m.External.Metric.Name + `"`, `State = "` + m.External.Metric.Selector.MatchLabels["state"] + `"`}
			}
			for _, word := range wanted {
				asked++
				if !strings.Contains(code.String(), word) {
					t.Errorf("%s is scaled by %s, which nobody tells", scaler.Name, word)
				}
			}
		}
	}
	if asked != 3 {
		t.Errorf("%d metrics of Rounds", asked)
	}
}

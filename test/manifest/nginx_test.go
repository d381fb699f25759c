package manifest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
)

// TestNGINXTakesItsConfiguration gives what the chart puts into its ConfigMaps to the real program.
func TestNGINXTakesItsConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, sub := range []string{"pages", "tmp", "cache"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	site := map[string]any{"resolver": "127.0.0.1", "tlsSecret": "", "proxies": []any{"10.0.0.0/8"}}
	written := 0
	for _, o := range objects(t, "values-standard.yaml", map[string]any{"nginx": site}) {
		m, ok := o.any.(*core.ConfigMap)
		if !ok || !strings.HasPrefix(m.Name, "rounds-nginx") {
			continue
		}
		at := dir
		if strings.HasSuffix(m.Name, "-pages") {
			at = filepath.Join(dir, "pages")
		}
		for name, text := range m.Data {
			if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			written++
		}
	}
	if written != 5+8 {
		t.Errorf("%d files", written)
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // where Debian has it, and not everybody looks
	}
	if out, err := exec.CommandContext(t.Context(), program, "-t", "-p", dir, "-c", filepath.Join(dir, "nginx.conf")).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

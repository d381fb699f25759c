package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/run/porttest"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// program is `rounds up` as a stranger starts it, in a process of its own, filled with the demo. With ROUNDS_TEST_SHAPE=cluster the same
// journeys go through NGINX to the shape of production (deploy/cluster).
type program struct {
	URL string

	t       *testing.T
	mu      sync.Mutex
	printed strings.Builder
}

// built is the binary, made once for all tests that start it.
var built = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // There is one binary.
	dir, err := os.MkdirTemp("", "rounds-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "rounds")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/rounds").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// clustered tells whether the journeys go to the shape of production.
func clustered() bool { return os.Getenv("ROUNDS_TEST_SHAPE") == "cluster" }

// clusterOf builds the program that runs the shape of production.
func clusterOf(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cluster")
	if out, err := exec.Command("go", "build", "-o", path, "../../deploy/cluster").CombinedOutput(); err != nil {
		t.Fatalf("build the cluster: %v\n%s", err, out)
	}
	return path
}

// startProgram waits until all services are ready and the demo is filled in.
func startProgram(t *testing.T, settings ...string) *program {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	port, data := porttest.Free(t), filepath.Join(t.TempDir(), "data")
	p := &program{t: t, URL: "http://localhost:" + port}
	command := exec.Command(binary, append([]string{"up", "--data", data, "--port", port, "--private-port", porttest.Free(t)}, settings...)...)
	if clustered() {
		command = exec.Command(clusterOf(t), "--binary", binary, "--data", data, "--port", port, "--network", fmt.Sprint(100+rand.IntN(150)), //nolint:gosec // our own, nobody guesses it
			"--set", strings.ReplaceAll(strings.Join(settings, ";"), "--", ""))
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	// What is set for the tests is no setting of the program, which refuses what it does not know.
	command.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ROUNDS_") })
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended, running := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			p.mu.Lock()
			fmt.Fprintln(&p.printed, lines.Text())
			p.mu.Unlock()
			if strings.Contains(lines.Text(), "Ctrl-C stops ") {
				close(running)
			}
		}
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = command.Process.Kill()
			t.Errorf("the program did not stop:\n%s", p.said())
		}
	})
	select {
	case <-running:
	case <-ended:
		t.Fatalf("the program ended:\n%s", p.said())
	case <-time.After(3 * time.Minute):
		t.Fatalf("the program is not ready after three minutes:\n%s", p.said())
	}
	return p
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.String()
}

// as opens a browser of its own for somebody of the demo, logged in.
func (p *program) as(t *testing.T, email string) *browser.Page {
	t.Helper()
	page := chromium.New(t, p.URL)
	page.Open("/login")
	page.Fill("#f-email", email)
	page.Fill("#f-password", "rounds-demo-2026")
	page.Click("main form button.btn-primary")
	page.See("[data-bell]")
	return page
}

// planEvening has an administrator plan a webinar of one minute, of which a quarter has to be watched, to the second, through the JSON API of the page's own session. The answer is its
// slug.
func planEvening(admin *browser.Page, title string, in time.Duration) string {
	start := time.Now().UTC().Add(in).Format("2006-01-02T15:04:05")
	admin.Until(fmt.Sprintf(`(window.planning ??= (async () => {
		const get = async (path) => (await fetch(path)).json();
		const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ requestId: crypto.randomUUID(), ...body }) }).then((r) => r.json());
		const rule = await post("/api/credit-rules", { name: "A quarter of a minute", minPercent: 25, minChecksPercent: 0, checksPerHour: 0,
			checkWindow: 75, reconnectGrace: 60, award: "event", minutesPerPoint: 60, creditStep: 50, dailyCap: 800 });
		window.planned = await post("/api/plans", { title: %q, description: "What the first hour asks of everybody.", start: { time: %q, zone: "UTC" },
			lecturerId: (await get("/api/lecturers")).lecturers.find((l) => l.slug === "vzorec").id,
			categoryId: (await get("/api/categories")).categories.find((c) => c.slug === "acute-care").id,
			minutes: 1, hundredths: 50, creditRuleId: rule.id, videoUrl: "/static/media/hand-hygiene.mp4",
		});
	})(), window.planned)`, title, start))
	slug := browser.Eval[string](admin, `window.planned.slug ?? JSON.stringify(window.planned)`)
	return url.PathEscape(slug)
}

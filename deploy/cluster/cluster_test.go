package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gopkg.in/yaml.v3"

	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// said is what the cluster says, for whoever has to find out why a test failed.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// place is a cluster of one test.
type place struct {
	*cluster

	t    *testing.T
	said *said
}

func newPlace(t *testing.T) *place {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "rounds")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../../cmd/rounds") //nolint:gosec // our own
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	port, err := strconv.ParseUint(porttest.Free(t), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	words := &said{}
	c, err := newCluster(options{
		Data: t.TempDir(), Binary: binary, Port: uint16(port), Copies: 2, Demo: true,
		Network: uint8(100 + rand.IntN(150)), //nolint:gosec // nobody guesses it
	}, words)
	if err != nil {
		t.Fatal(err)
	}
	for n := range c.ports {
		c.ports[n] = porttest.Free(t)
	}
	t.Cleanup(func() {
		c.stop()
		if t.Failed() {
			t.Log(words)
		}
	})
	if err := c.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &place{cluster: c, t: t, said: words}
}

// page asks NGINX, as a browser does.
func (p *place) page(path string) (int, string) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", p.Port, path), http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(text)
}

func (p *place) until(what string, there func() bool) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// whole waits until every process can do its work, and the pages have what they are to have.
func (p *place) whole() {
	p.t.Helper()
	for n := range names() {
		for instance := range p.Copies {
			at := "http://" + p.address(n, instance) + ":" + privatePort + "/readyz"
			p.until(names()[n]+" to be ready", func() bool { return answers(p.t.Context(), at) == http.StatusOK })
		}
	}
	for path, has := range map[string]string{"/articles": "data-article=", "/webinars": "data-webinar=", "/login": "password"} {
		p.until(path, func() bool {
			status, text := p.page(path + "?" + strconv.FormatInt(time.Now().UnixNano(), 36)) // past what NGINX keeps
			return status == http.StatusOK && strings.Contains(text, has)
		})
	}
}

func (p *place) unit(name string) *unit {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.units {
		if u.name == name {
			return u
		}
	}
	p.t.Fatalf("there is no %q", name)
	return nil
}

// TestWhateverEndsComesBack ends with -9 one process of each service, then all of each service, then whatever is not ours. While one of two
// is gone every page is there; while a service is gone, or what it stands on, no page is an error of ours; and everything heals by itself.
func TestWhateverEndsComesBack(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.whole()
	p.apart()
	for _, name := range names() {
		p.unit(name + " 1").current().Kill()
		for _, path := range []string{"/", "/articles", "/webinars", "/login"} {
			if status, text := p.page(path); status != http.StatusOK {
				t.Errorf("without one %s, %s is %d: %.200s", name, path, status, text)
			}
		}
	}
	p.whole()
	for _, name := range names() {
		for n := range p.Copies {
			p.unit(fmt.Sprintf("%s %d", name, n+1)).current().Kill()
		}
		p.bearable("all of " + name)
	}
	p.whole()
	for _, name := range []string{"redis", "rabbitmq", "postgresql " + statisticsName, "postgresql " + mainName, "nginx"} {
		killed := p.unit(name).current().Pid()
		p.unit(name).current().Kill()
		if name != "nginx" {
			p.bearable(name)
		}
		p.until(name+" to run again", func() bool { return p.unit(name).current().Pid() != killed })
		p.whole()
	}
	for _, name := range append(names(), "redis", "rabbitmq", "nginx", "postgresql "+mainName) {
		if !strings.Contains(p.said.String(), name) {
			t.Errorf("nobody was told that %s had ended", name)
		}
	}
}

// bearable: a page may say that something is missing, and nothing else.
func (p *place) bearable(without string) {
	p.t.Helper()
	for _, path := range []string{"/", "/articles", "/webinars", "/login", "/api/session"} {
		status, text := p.page(path)
		if status == http.StatusInternalServerError || status == http.StatusBadGateway || status == http.StatusGatewayTimeout || status == 0 || strings.Contains(text, "goroutine ") {
			p.t.Errorf("without %s, %s is %d: %.200s", without, path, status, text)
		}
	}
}

// apart: no service is given what would let it be another, and the database takes no other's word.
func (p *place) apart() {
	p.t.Helper()
	passwords := map[string]string{}
	for _, name := range names() {
		info, err := os.Stat(p.config(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			p.t.Errorf("the configuration of %s: %v, %v", name, info, err)
		}
		text, err := os.ReadFile(p.config(name))
		var own map[string]any
		if err := errors.Join(err, yaml.Unmarshal(text, &own)); err != nil {
			p.t.Fatal(err)
		}
		if own["database-secret"] != nil || own["broker-secret"] != nil {
			p.t.Errorf("%s is given the secret from which all passwords are derived", name)
		}
		if password, ok := own["database-password"].(string); ok {
			passwords[name] = password
		}
	}
	for whose, password := range passwords {
		config, err := pgx.ParseConfig(p.databases[0].url())
		if err != nil {
			p.t.Fatal(err)
		}
		config.User, config.Password = "rounds_bff", password
		conn, err := pgx.ConnectConfig(p.t.Context(), config)
		if own := whose == "bff"; own != (err == nil) {
			p.t.Errorf("with the password of %s the role of the bff: %v", whose, err)
		}
		if err == nil {
			_ = conn.Close(p.t.Context())
		}
	}
	if len(passwords) != len(names())-1 { // all but the ssr, which has no database
		p.t.Errorf("%d passwords", len(passwords))
	}
}

func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{Binary: "/no/such/program", Copies: 2}, {Binary: "main.go", Copies: 0}, {Binary: "main.go", Copies: 2, Port: 65534}} {
		if _, err := newCluster(o, io.Discard); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// settled is how long after it is ready a process is left alone before another one of its service ends: NGINX and callers ask one that was
// away again after two seconds.
const settled = 3 * time.Second

// TestRestartInTurn ends all processes in order, first one of each service, then the other, while pages are asked for and people log in:
// nobody sees anything of it. That is an upgrade, as far as processes go.
func TestRestartInTurn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.whole()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var crowd sync.WaitGroup
	var asked atomic.Int64
	repeat := func(pause time.Duration, ask func() error) {
		crowd.Go(func() {
			for ctx.Err() == nil {
				if err := ask(); err != nil {
					t.Error(err)
				}
				asked.Add(1)
				time.Sleep(pause)
			}
		})
	}
	for _, path := range []string{"/", "/articles", "/webinars", "/api/categories"} {
		repeat(20*time.Millisecond, func() error { return p.fine(path + "?" + strconv.FormatInt(time.Now().UnixNano(), 36)) }) // past what NGINX keeps
	}
	repeat(600*time.Millisecond, p.refusedLogin) // as often as one address may
	for n := range p.Copies {
		var all sync.WaitGroup
		for at, name := range names() {
			u := p.unit(fmt.Sprintf("%s %d", name, n+1))
			all.Go(func() { p.restart(u, "http://"+p.address(at, n)+":"+privatePort+"/readyz") })
		}
		all.Wait()
		time.Sleep(settled)
	}
	stop()
	crowd.Wait()
	t.Logf("%d requests while %d processes were restarted", asked.Load(), len(names())*p.Copies)
	if asked.Load() < 200 {
		t.Errorf("only %d requests: that is no load", asked.Load())
	}
}

// restart ends a process in order, and waits for the next one.
func (p *place) restart(u *unit, ready string) {
	old := u.current()
	old.Stop(patience)
	for end := time.Now().Add(time.Minute); u.current() == old || answers(p.t.Context(), ready) != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Errorf("%s does not come back", u.name)
			return
		}
	}
}

// fine: a page, whole.
func (p *place) fine(path string) error {
	status, text := p.page(path)
	if status != http.StatusOK || strings.Contains(text, "data-missing") {
		return fmt.Errorf("%s is %d: %.300s", path, status, text)
	}
	return nil
}

// refusedLogin is what NGINX may not ask for twice: a POST, which the service refuses, and nobody before it.
func (p *place) refusedLogin() error {
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, fmt.Sprintf("http://localhost:%d/auth/login", p.Port), strings.NewReader("email=nobody%40rounds.example&password=wrong"))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", fmt.Sprintf("http://localhost:%d", p.Port))
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	text, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests {
		return fmt.Errorf("logging in is %d: %.200s", answer.StatusCode, text)
	}
	return nil
}

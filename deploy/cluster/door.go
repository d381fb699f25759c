package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rounds-cme/rounds/deploy/nginx"
	"github.com/rounds-cme/rounds/kit/child"
)

// startDoor starts NGINX, the only way in.
func (c *cluster) startDoor(_, kept context.Context) error {
	site := nginx.Site{Listen: []string{fmt.Sprintf("127.0.0.1:%d", c.Port)}, Services: map[string][]string{}, Requests: c.Requests}
	for n, name := range names() {
		if slices.Contains(nginx.Services(), name) {
			site.Services[name] = strings.Split(c.addresses(n, httpPort), ",")
		}
	}
	if err := site.Write(c.at("nginx")); err != nil {
		return err
	}
	return c.begin(kept, &unit{name: "nginx", start: c.open})
}

func (c *cluster) open(ctx context.Context) (running, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // where Debian has it, and not everybody looks
	}
	if _, err := os.Stat(program); err != nil {
		return nil, errors.New("there is no NGINX here: apt-get install nginx")
	}
	settings := "daemon off;"
	if os.Geteuid() == 0 { // its workers are to read our files, and nobody else's
		settings += " user root;"
	}
	dir, log := c.at("nginx"), c.at("log", "nginx.log")
	if err := sweep(filepath.Join(dir, "nginx.pid")); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-g", settings) //nolint:gosec,noctx // it ends with us
	p, err := child.Start(cmd, log)
	if err != nil {
		return nil, err
	}
	return p, await(ctx, p, log, func(ctx context.Context) bool {
		return answers(ctx, fmt.Sprintf("http://127.0.0.1:%d/", c.Port)) > 0
	})
}

// sweep ends workers that a master left which was killed: they would keep the port, and answer by the old configuration. They are in the
// group that has the master's number.
func sweep(pidFile string) error {
	text, err := os.ReadFile(pidFile) //nolint:gosec // our own
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for what was left: %w", err)
	}
	master, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil //nolint:nilerr // It was killed before it had written its number, and had no workers then.
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return fmt.Errorf("look for what was left: %w", err)
	}
	for _, path := range commands {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))                                                           //nolint:errcheck // digits, by the pattern
		name, err := os.ReadFile(path)                                                                                      //nolint:gosec // of the system
		if group, _ := syscall.Getpgid(pid); err != nil || group != master || !strings.HasPrefix(string(name), "nginx: ") { //nolint:errcheck // then it is gone
			continue
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return nil
}

// answers is the status that somebody answers with; zero: nobody answers.
func answers(ctx context.Context, url string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

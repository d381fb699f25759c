package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/rounds-cme/rounds/kit/child"
	"github.com/rounds-cme/rounds/kit/token"
)

// Ports of each process, on an address of its own.
const (
	httpPort    = "8080"
	privatePort = "8081"
	rpcPort     = "9090"
)

// names are the services.
func names() []string {
	return []string{
		"datamanagement", "auth", "statistics", "notificationcenter", "notificationtaskrunner", "livewebinar", "scheduler", "bff", "ssr",
	}
}

func isService(unit string) bool {
	name, _, _ := strings.Cut(unit, " ")
	return slices.Contains(names(), name)
}

// address is where a process of a service is.
func (c *cluster) address(service, instance int) string {
	return fmt.Sprintf("127.%d.%d.%d", c.Network, service+1, instance+1)
}

// addresses are all of a service.
func (c *cluster) addresses(service int, port string) string {
	var all []string
	for n := range c.Copies {
		all = append(all, c.address(service, n)+":"+port)
	}
	return strings.Join(all, ",")
}

// rounds runs a command of the program to its end.
func (c *cluster) rounds(ctx context.Context, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.Binary, arguments...) //nolint:gosec // ours
	cmd.Env = environment()
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as it was made
		return nil, fmt.Errorf("rounds %s: %s", arguments[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// environment is ours without what is set for other processes of Rounds.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ROUNDS_") })
}

// prepare writes what each service, and the operator, is to know.
func (c *cluster) prepare(ctx, _ context.Context) error {
	public, err := os.ReadFile(c.at("keys", "auth", token.PublicFile))
	if err == nil {
		err = os.WriteFile(c.at("keys", token.PublicFile), public, 0o600) //nolint:gosec // our own directory
	}
	if err != nil {
		return fmt.Errorf("the keys that verify tokens: %w", err)
	}
	if _, err := c.rounds(ctx, "certs", "--certificates", c.at("certificates")); err != nil {
		return err
	}
	for _, name := range append(names(), operator) {
		if err := c.configure(ctx, name); err != nil {
			return fmt.Errorf("configuration of %s: %w", name, err)
		}
	}
	return nil
}

// operator runs what is no service.
const operator = "operator"

func (c *cluster) config(name string) string { return c.at("config", name+".yaml") }

func (c *cluster) configure(ctx context.Context, name string) error {
	secrets, err := c.rounds(ctx, "config", "service", name, "--seed", c.at("seed"))
	if err != nil {
		return err
	}
	all := map[string]any{
		"base-url":     fmt.Sprintf("http://localhost:%d", c.Port),
		"database-url": c.databases[0].url(), "statistics-url": c.databases[1].url(), "database-conns": 5,
		"broker-url":   fmt.Sprintf("amqp://127.0.0.1:%s/rounds", c.broker.config.AMQP),
		"certificates": c.at("certificates"), "trusted-proxies": "127.0.0.1/32", "keys": c.at("keys"),
	}
	if err := yaml.Unmarshal(secrets, &all); err != nil {
		return err
	}
	switch name {
	case "auth", operator: // who signs, and whoever speaks for people in the past of the demo
		all["keys"] = c.at("keys", "auth")
	case "livewebinar":
		all["livewebinar-redis-url"] = c.cache.url()
	case "notificationcenter":
		all["notificationcenter-open-mailbox"] = c.Demo
	}
	for setting, value := range c.Set {
		all[setting] = value
	}
	text, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	return os.WriteFile(c.config(name), text, 0o600)
}

func (c *cluster) migrate(ctx, _ context.Context) error {
	if _, err := c.rounds(ctx, "migrate", "--config", c.config(operator)); err != nil {
		return err
	}
	_, err := c.rounds(ctx, "broker", "setup", "--management-url", c.broker.node.Management(), "--config", c.config(operator))
	return err
}

// startServices starts all processes beside each other: none waits for another.
func (c *cluster) startServices(_, kept context.Context) error {
	var peers []string
	for n, name := range names() {
		peers = append(peers, name+"="+c.addresses(n, rpcPort))
	}
	var all sync.WaitGroup
	failed := make(chan error, len(names())*c.Copies)
	for n, name := range names() {
		for instance := range c.Copies {
			p := &process{cluster: c, name: name, instance: instance, address: c.address(n, instance), peers: strings.Join(peers, ";")}
			all.Go(func() {
				failed <- c.begin(kept, &unit{name: fmt.Sprintf("%s %d", name, instance+1), start: p.start})
			})
		}
	}
	all.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// process is one of a service.
type process struct {
	*cluster

	name     string
	instance int
	address  string
	peers    string
}

func (p *process) start(ctx context.Context) (running, error) {
	log := p.at("log", fmt.Sprintf("%s-%d.log", p.name, p.instance+1))
	cmd := exec.Command(p.Binary, "serve", p.name, "--config", p.config(p.name), "--http", p.address+":"+httpPort, //nolint:gosec,noctx // ours; it ends with us
		"--private", p.address+":"+privatePort, "--rpc", p.name+"="+p.address+":"+rpcPort, "--peers", p.peers)
	cmd.Env = environment()
	c, err := child.Start(cmd, log)
	if err != nil {
		return nil, err
	}
	return c, await(ctx, c, log, func(ctx context.Context) bool {
		return answers(ctx, "http://"+p.address+":"+privatePort+"/readyz") == http.StatusOK
	})
}

// filled is the file that tells that the demo is complete.
const filled = "demo.done"

func (c *cluster) fill(ctx, _ context.Context) error {
	if _, err := os.Stat(c.at(filled)); err == nil || !c.Demo {
		return nil
	}
	bff := slices.Index(names(), "bff")
	text, err := os.ReadFile(c.config("bff"))
	if err != nil {
		return err
	}
	var secrets struct {
		Key string `yaml:"bff-pseudonym-key"`
	}
	if err := yaml.Unmarshal(text, &secrets); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.Binary, "demo", "--bff", c.addresses(bff, rpcPort), "--config", c.config(operator)) //nolint:gosec // ours
	cmd.Env = append(environment(), "ROUNDS_BFF_PSEUDONYM_KEY="+secrets.Key)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return os.WriteFile(c.at(filled), []byte("The demo is complete.\n"), 0o600)
}

// Package rabbittest runs a RabbitMQ for tests: a node of their own, with its own ports, directories, cookie and name
// server, beside whatever else runs on the machine and never the system's. A node takes some ten seconds to start, so a
// package's tests share one, each in a virtual host of its own.
package rabbittest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// Node is one broker.
type Node struct {
	dir        string
	script     string
	amqp, dist string // ports
	names, web string // of epmd, of the management API
	epmd, node *process
}

// startTime is reached only when a start fails, also on a machine that is ten times slower.
const startTime = 4 * time.Minute

//nolint:gochecknoglobals // One node for the whole process is what this package is for.
var (
	once   sync.Once
	shared *Node
	failed error
)

// Shared is the node of this process; Close ends it.
func Shared(t testing.TB) *Node {
	t.Helper()
	once.Do(func() { shared, failed = Start(t) })
	if failed != nil {
		t.Fatalf("start RabbitMQ: %v", failed)
	}
	return shared
}

// Close ends the shared node if there is one; TestMain calls it after all tests.
func Close() {
	if shared != nil {
		_ = shared.Stop()
	}
}

// Start makes a node and waits until it answers.
func Start(t testing.TB) (*Node, error) {
	t.Helper()
	scripts, err := filepath.Glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
	if err != nil || len(scripts) == 0 {
		return nil, errors.New("there is no RabbitMQ here: apt-get install rabbitmq-server")
	}
	dir, err := os.MkdirTemp("", "rounds-rabbit-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	n := &Node{
		dir: dir, script: scripts[len(scripts)-1],
		amqp: porttest.Free(t), dist: porttest.Free(t), names: porttest.Free(t), web: porttest.Free(t),
	}
	if err := n.configure(); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	// epmd is the name server of Erlang; a node starts one that outlives it, unless there is one already.
	n.epmd, err = begin(exec.Command("epmd", "-port", n.names, "-address", "127.0.0.1"), filepath.Join(dir, "epmd.log")) //nolint:gosec,noctx // A fixed program.
	if err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	if err := n.Again(context.Background()); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

func (n *Node) configure() error {
	files := map[string]string{
		"plugins": "[rabbitmq_management].\n",
		"rabbitmq.conf": fmt.Sprintf("listeners.tcp.default = 127.0.0.1:%s\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %s\n"+
			"default_user = %s\ndefault_pass = %s\nlog.console = true\nlog.console.level = error\nlog.file = false\n",
			n.amqp, n.web, admin, admin),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("configure the broker: %w", err)
		}
	}
	return nil
}

const admin = "admin"

func (n *Node) environment() []string {
	at := func(name string) string { return filepath.Join(n.dir, name) }
	return append(os.Environ(),
		"HOME="+n.dir, // of the cookie
		"RABBITMQ_NODENAME=rounds@localhost", "RABBITMQ_NODE_PORT="+n.amqp, "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_DIST_PORT="+n.dist, "ERL_EPMD_PORT="+n.names, "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_MNESIA_BASE="+at("data"), "RABBITMQ_LOG_BASE="+at("log"), "RABBITMQ_LOGS=-",
		"RABBITMQ_ENABLED_PLUGINS_FILE="+at("plugins"), "RABBITMQ_CONFIG_FILE="+at("rabbitmq.conf"),
		"RABBITMQ_ADVANCED_CONFIG_FILE="+at("advanced.config"), "RABBITMQ_CONF_ENV_FILE="+at("environment"),
		"RABBITMQ_ALLOW_INPUT=yes", // the script becomes the node, instead of watching over it
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
	)
}

// Again starts the node after it was killed, with what it has on disk.
func (n *Node) Again(ctx context.Context) error {
	cmd := exec.Command(n.script) //nolint:gosec,noctx // Debian's own; it ends with Kill or with us.
	cmd.Env = n.environment()
	node, err := begin(cmd, n.log())
	if err != nil {
		return err
	}
	n.node = node
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !n.answers(ctx) {
		select {
		case <-node.done:
			text, _ := os.ReadFile(n.log())
			return fmt.Errorf("the broker ended while it started:\n%s", text)
		case <-ctx.Done():
			return fmt.Errorf("the broker does not answer: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (n *Node) log() string { return filepath.Join(n.dir, "node.log") }

// answers asks for the health of the node, which is good when all its listeners are there.
func (n *Node) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Management()+"/api/health/checks/port-listener/"+n.amqp, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Management is the address of the management API, as an administrator.
func (n *Node) Management() string {
	return fmt.Sprintf("http://%s:%s@127.0.0.1:%s", admin, admin, n.web)
}

// URL is the address of a virtual host for an account.
func (n *Node) URL(user, password, vhost string) string {
	return fmt.Sprintf("amqp://%s:%s@127.0.0.1:%s/%s", user, password, n.amqp, vhost)
}

// Bare is the address of a virtual host without an account.
func (n *Node) Bare(vhost string) string { return fmt.Sprintf("amqp://127.0.0.1:%s/%s", n.amqp, vhost) }

// Admin is the address of a virtual host for the administrator.
func (n *Node) Admin(vhost string) string { return n.URL(admin, admin, vhost) }

// Forget deletes a virtual host with everything in it, so that the broker has less to do. It goes with the node in any case:
// a broker that says no, as one does that is still clearing up, is no fault of the test that ends.
func (n *Node) Forget(vhost string) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, n.Management()+"/api/vhosts/"+vhost, http.NoBody)
	if err != nil {
		return
	}
	client := &http.Client{Timeout: time.Minute}
	if response, err := client.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// Pid is the broker's process.
func (n *Node) Pid() int { return n.node.cmd.Process.Pid }

// Kill ends the node with -9, and waits until it is gone.
func (n *Node) Kill() {
	_ = n.node.cmd.Process.Kill()
	<-n.node.done
}

// Control runs rabbitmqctl on the node, which takes a second or more.
func (n *Node) Control(arguments ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(filepath.Dir(n.script), "rabbitmqctl"), arguments...) //nolint:gosec,noctx // Debian's own.
	cmd.Env = n.environment()
	return cmd.CombinedOutput()
}

// Stop ends the node and removes all that it had.
func (n *Node) Stop() error {
	for _, p := range []*process{n.node, n.epmd} {
		if p != nil {
			_ = p.cmd.Process.Kill() // nothing in it is worth a proper goodbye
			<-p.done
		}
	}
	if err := os.RemoveAll(n.dir); err != nil {
		return fmt.Errorf("remove the broker's directory: %w", err)
	}
	return nil
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// begin starts a process that ends with this one, from a thread of its own: the kernel's promise is about the thread.
func begin(cmd *exec.Cmd, log string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // Inside our own directory.
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- fmt.Errorf("start %s: %w", cmd.Path, err)
			return
		}
		started <- nil
		_ = cmd.Wait()
		close(p.done)
	}()
	return p, <-started
}

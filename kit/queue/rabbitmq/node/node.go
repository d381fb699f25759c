// Package node runs a RabbitMQ of one's own: with its own ports, directories, cookie and name server, beside whatever else runs on the
// machine and never the system's. It listens on this machine alone.
package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rounds-cme/rounds/kit/child"
)

// Config says where it lives.
type Config struct {
	Dir                   string // of its own; what it has on disk stays there
	AMQP, Dist, EPMD, Web string // ports: of the broker, of Erlang, of its name server, of the management API
	Password              string // of the administrator
}

// Node is one broker.
type Node struct {
	Config

	script     string
	epmd, node *child.Process
}

// startTime is reached only when a start fails, also on a machine that is ten times slower.
const startTime = 4 * time.Minute

// Start starts a node and waits until it answers.
func Start(ctx context.Context, c Config) (*Node, error) {
	scripts, err := filepath.Glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
	if err != nil || len(scripts) == 0 {
		return nil, errors.New("there is no RabbitMQ here: apt-get install rabbitmq-server")
	}
	n := &Node{Config: c, script: scripts[len(scripts)-1]}
	if err := n.configure(); err != nil {
		return nil, err
	}
	// epmd is the name server of Erlang; a node starts one that outlives it, unless there is one already.
	n.epmd, err = child.Start(exec.Command("epmd", "-port", n.EPMD, "-address", "127.0.0.1"), filepath.Join(c.Dir, "epmd.log")) //nolint:gosec,noctx // A fixed program.
	if err != nil {
		return nil, err
	}
	if err := n.Again(ctx); err != nil {
		n.Kill()
		n.epmd.Kill()
		return nil, err
	}
	return n, nil
}

func (n *Node) configure() error {
	files := map[string]string{
		"plugins": "[rabbitmq_management].\n",
		"rabbitmq.conf": fmt.Sprintf("listeners.tcp.default = 127.0.0.1:%s\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %s\n"+
			"default_user = %s\ndefault_pass = %s\nlog.console = true\nlog.console.level = error\nlog.file = false\n",
			n.AMQP, n.Web, admin, n.Password),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(n.Dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("configure the broker: %w", err)
		}
	}
	return nil
}

const admin = "admin"

func (n *Node) environment() []string {
	at := func(name string) string { return filepath.Join(n.Dir, name) }
	return append(os.Environ(),
		"HOME="+n.Dir, // of the cookie
		"RABBITMQ_NODENAME=rounds@localhost", "RABBITMQ_NODE_PORT="+n.AMQP, "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
		"RABBITMQ_DIST_PORT="+n.Dist, "ERL_EPMD_PORT="+n.EPMD, "ERL_EPMD_ADDRESS=127.0.0.1",
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
	node, err := child.Start(cmd, n.log())
	if err != nil {
		return err
	}
	n.node = node
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for !n.answers(ctx) {
		select {
		case <-node.Done():
			return fmt.Errorf("the broker ended while it started:\n%s", child.Tail(n.log()))
		case <-ctx.Done():
			return fmt.Errorf("the broker does not answer: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func (n *Node) log() string { return filepath.Join(n.Dir, "node.log") }

// answers asks for the health of the node, which is good when all its listeners are there.
func (n *Node) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Management()+"/api/health/checks/port-listener/"+n.AMQP, http.NoBody)
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
	return fmt.Sprintf("http://%s:%s@127.0.0.1:%s", admin, n.Password, n.Web)
}

// URL is the address of a virtual host for an account.
func (n *Node) URL(user, password, vhost string) string {
	return fmt.Sprintf("amqp://%s:%s@127.0.0.1:%s/%s", user, password, n.AMQP, vhost)
}

// Bare is the address of a virtual host without an account.
func (n *Node) Bare(vhost string) string { return fmt.Sprintf("amqp://127.0.0.1:%s/%s", n.AMQP, vhost) }

// Admin is the address of a virtual host for the administrator.
func (n *Node) Admin(vhost string) string { return n.URL(admin, n.Password, vhost) }

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
func (n *Node) Pid() int { return n.node.Pid() }

// Done is closed when the broker has ended; Again starts it anew.
func (n *Node) Done() <-chan struct{} { return n.node.Done() }

// Kill ends the node with -9, and waits until it is gone.
func (n *Node) Kill() {
	if n.node != nil {
		n.node.Kill()
	}
}

// Stop ends the node in order, with its name server.
func (n *Node) Stop(patience time.Duration) {
	n.StopNode(patience)
	n.epmd.Kill()
}

// StopNode ends the node in order; Again starts it anew.
func (n *Node) StopNode(patience time.Duration) { n.node.Stop(patience) }

// Control runs rabbitmqctl on the node, which takes a second or more.
func (n *Node) Control(arguments ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(filepath.Dir(n.script), "rabbitmqctl"), arguments...) //nolint:gosec,noctx // Debian's own.
	cmd.Env = n.environment()
	return cmd.CombinedOutput()
}

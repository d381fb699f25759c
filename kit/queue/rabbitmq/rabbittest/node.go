// Package rabbittest runs a RabbitMQ for tests. A node takes some ten seconds to start, so a package's tests share one, each in a
// virtual host of its own.
package rabbittest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/node"
	"github.com/rounds-cme/rounds/kit/run/porttest"
)

// Node is one broker, which is gone with all that it had when it is stopped.
type Node struct{ *node.Node }

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
	dir, err := os.MkdirTemp("", "rounds-rabbit-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	n, err := node.Start(context.Background(), node.Config{
		Dir: dir, AMQP: porttest.Free(t), Dist: porttest.Free(t), EPMD: porttest.Free(t), Web: porttest.Free(t), Password: "admin",
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Node{n}, nil
}

// Stop ends the node and removes all that it had.
func (n *Node) Stop() error {
	n.Node.Stop(0) // nothing in it is worth a proper goodbye
	if err := os.RemoveAll(n.Dir); err != nil {
		return fmt.Errorf("remove the broker's directory: %w", err)
	}
	return nil
}

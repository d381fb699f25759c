package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/node"
)

// broker is RabbitMQ, one node.
type broker struct {
	config node.Config
	node   *node.Node
}

func (c *cluster) startBroker(_, kept context.Context) error {
	password, err := c.password("rabbitmq")
	if err != nil {
		return err
	}
	c.broker = &broker{config: node.Config{
		Dir: c.at("rabbitmq"), AMQP: c.ports[amqpPort], Dist: c.ports[distPort], EPMD: c.ports[epmdPort], Web: c.ports[managementPort], Password: password,
	}}
	return c.begin(kept, &unit{name: "rabbitmq", start: c.broker.start})
}

func (b *broker) start(ctx context.Context) (running, error) {
	if b.node != nil {
		return again{b.node}, b.node.Again(ctx)
	}
	n, err := node.Start(ctx, b.config)
	if err != nil {
		return nil, err
	}
	b.node = n
	return again{n}, nil
}

// again is a node that is kept as all programs are; its name server stays until the end.
type again struct{ *node.Node }

func (a again) Stop(patience time.Duration) { a.StopNode(patience) }

// password is one that is made once, for a program that is not ours.
func (c *cluster) password(name string) (string, error) {
	return once(c.at(name, "password"))
}

func once(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // our own
	if err == nil {
		return string(text), nil
	}
	made := random()
	if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
		return "", fmt.Errorf("keep a password: %w", err)
	}
	return made, nil
}

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rounds-cme/rounds/kit/queue"
	queuepg "github.com/rounds-cme/rounds/kit/queue/postgres"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/run"
)

// queues is the visible table of all queues: what stands at the broker, and each account's rights, follow from it. The
// database has the same rights in its own table, and a test compares the two.
func queues() []rabbitmq.Queue {
	const month = 30 * 24 * time.Hour
	return []rabbitmq.Queue{
		{Name: "notification.task", Put: []string{"datamanagement", "auth"}, Take: "notificationtaskrunner"},
		{Name: "notification.send", Put: []string{"notificationtaskrunner", "notificationcenter"}, Take: "notificationcenter"},
		{Name: "notification.site", Put: []string{"notificationtaskrunner", "notificationcenter"}, Take: "notificationcenter"},
		{Name: "activity", Put: []string{"datamanagement", "livewebinar"}, Take: "statistics", Keep: month},
	}
}

// brokerPassword derives the password of an account, as the databases' are derived.
func (s *settings) brokerPassword(user string) string {
	if s.BrokerPassword != "" {
		return s.BrokerPassword.Reveal()
	}
	mac := hmac.New(sha256.New, []byte(s.BrokerSecret.Reveal()))
	mac.Write([]byte("broker account " + user))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// broker is the address of the broker for a service, which logs in with its own account.
func (s *settings) broker(service string) (string, error) {
	address, err := url.Parse(s.BrokerURL)
	if err != nil || address.Host == "" || !strings.HasPrefix(address.Scheme, "amqp") || len(address.Path) < 2 {
		return "", errors.New("--broker-url is not an address such as amqp://broker:5672/rounds")
	}
	if s.BrokerSecret == "" && s.BrokerPassword == "" {
		return "", errors.New("with --broker-url a --broker-secret is needed, from which the passwords of all accounts are derived, or the --broker-password of one")
	}
	user := rabbitmq.User(service)
	address.User = url.UserPassword(user, s.brokerPassword(user))
	return address.String(), nil
}

// driver chooses what carries messages: RabbitMQ when its address is set, otherwise the database that they are put into.
func (h *host) driver(deps *run.Deps, pool *pgxpool.Pool) (queue.Driver, error) {
	if h.settings.BrokerURL == "" {
		return queuepg.New(pool, deps.Log, deps.Metrics, deps.Now), nil
	}
	address, err := h.settings.broker(deps.Name)
	if err != nil {
		return nil, err
	}
	config := rabbitmq.Config{URL: address, Service: deps.Name, Table: queues()}
	d, err := rabbitmq.New(config, pool, deps.Log, deps.Metrics, deps.Now)
	if err != nil {
		return nil, fmt.Errorf("--broker-url: %w", err)
	}
	h.brokers = append(h.brokers, d)
	return d, nil
}

// withRelay has a service that puts messages carry them to the broker, and say when they are late. That is no reason not
// to be ready: what it does is done, and the news of it is safe in the database.
func withRelay(deps *run.Deps, service *run.Service) {
	d, ok := deps.Queue.(*rabbitmq.Driver)
	if !ok {
		return
	}
	service.Late = d.Late
	service.Work = append(service.Work, run.Work{Name: "relay", Run: d.Relay})
}

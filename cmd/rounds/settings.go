package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db"
)

// settings hold for every command and every service.
type settings struct {
	File             kong.ConfigFlag `name:"config" help:"YAML file with settings."`
	LogLevel         slog.Level      `default:"info" help:"Lowest level that is logged: debug, info, warn or error."`
	BaseURL          string          `name:"base-url" help:"Address at which people reach the site, such as https://rounds.example; up knows it by itself."`
	DatabaseURL      string          `name:"database-url" help:"PostgreSQL for everything but statistics, as a role that may create roles, such as postgres://rounds_admin@db/rounds. Without it, up runs a private one."`
	StatisticsURL    string          `name:"statistics-url" help:"PostgreSQL for statistics; without it, database rounds_statistics on the server of --database-url."`
	DatabaseSecret   conf.Secret     `name:"database-secret" help:"From this secret the password of every service's database role is derived; empty for a server that trusts its socket."`
	DatabasePassword conf.Secret     `name:"database-password" help:"Password of the database role of the one service that this process runs, in place of --database-secret: it needs to know no other's. rounds config service tells it."`
	DatabaseConns    int32           `name:"database-conns" default:"10" help:"Most connections of one service to its database."`
	BrokerURL        string          `name:"broker-url" help:"RabbitMQ with its virtual host, such as amqp://broker:5672/rounds, which rounds broker setup prepares. Without it, messages stay in PostgreSQL and are taken from there."`
	BrokerSecret     conf.Secret     `name:"broker-secret" help:"From this secret the password of every service's account at the broker is derived."`
	BrokerPassword   conf.Secret     `name:"broker-password" help:"Password of the account at the broker of the one service that this process runs, in place of --broker-secret. rounds config service tells it."`
	Keys             string          `default:"keys" help:"Directory of the keys that tokens are signed with (auth) and verified with (all others need only its jwks.json)."`
	TrustedProxies   []netip.Prefix  `help:"Networks of the proxies in front, such as 10.0.0.0/8, whose X-Forwarded-For says where a request comes from: limits per address then count people and not the proxy."`
	Certificates     string          `help:"Directory of the certificates by which services prove their names to each other over TCP: NAME/tls.crt, tls.key and ca.crt for each, as rounds certs and cert-manager make them. Without it names are believed, and the network has to keep strangers out."`
}

// rolePassword derives the password of a role, so that one secret serves every service and the migration alike.
func (s *settings) rolePassword(role string) string {
	if s.DatabasePassword != "" {
		return s.DatabasePassword.Reveal()
	}
	if s.DatabaseSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(s.DatabaseSecret.Reveal()))
	mac.Write([]byte("database role " + role))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// adminURL is the address of a database for migrations.
func (s *settings) adminURL(database string) (string, error) {
	if s.DatabaseURL == "" {
		return "", errors.New("no database is set: give --database-url, such as postgres://rounds_admin@localhost/rounds")
	}
	if database != statisticsDatabase {
		return s.DatabaseURL, nil
	}
	if s.StatisticsURL != "" {
		return s.StatisticsURL, nil
	}
	address, err := url.Parse(s.DatabaseURL)
	if err != nil {
		return "", errors.New("--database-url is not an address such as postgres://rounds_admin@localhost/rounds")
	}
	address.Path = "/" + statisticsDatabase
	return address.String(), nil
}

// serviceURL is the address of a database for a service, which logs in as its own role.
func (s *settings) serviceURL(service, database string) (string, error) {
	text, err := s.adminURL(database)
	if err != nil {
		return "", err
	}
	address, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("the address of database %s cannot be read", database)
	}
	role := db.Role(service)
	address.User = url.User(role)
	if password := s.rolePassword(role); password != "" {
		address.User = url.UserPassword(role, password)
	}
	return address.String(), nil
}

// publicKeys is the file with the keys that verify tokens.
func (s *settings) publicKeys() string { return filepath.Join(s.Keys, "jwks.json") }

package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/run"
)

// operator is whoever migrates databases and sets the broker up.
const operator = "operator"

// Purposes of secrets that belong to no field of a service.
const (
	rolesPurpose    = "database roles"
	accountsPurpose = "broker accounts"
)

type configServiceCommand struct {
	Name string `arg:"" name:"service" help:"A service, or operator: what migrate and broker setup need."`
	Seed string `required:"" type:"path" help:"File with the one random secret from which all others are derived; it is made when there is none. Keep it, and keep it from the services."`
}

// Run implements the command: what one service has to know, and nothing that would let it be another.
func (c configServiceCommand) Run(cli *program, parser *kong.Kong, out io.Writer) error {
	s, err := seedOf(c.Seed)
	if err != nil {
		return err
	}
	own, err := s.of(cli, parser.Model, c.Name)
	if err != nil {
		return err
	}
	text, err := yamlOf(own)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// of is what a service, or the operator, has to know.
func (s *secrets) of(cli *program, app *kong.Application, name string) (map[string]string, error) {
	if name == operator {
		return s.operator(), nil
	}
	entries, err := pick(services(&cli.Services), []string{name})
	if err != nil {
		return nil, err
	}
	return s.service(app, entries[0]), nil
}

// operator is what migrate and broker setup have to know.
func (s *secrets) operator() map[string]string {
	return map[string]string{"database-secret": s.derive(rolesPurpose).Reveal(), "broker-secret": s.derive(accountsPurpose).Reveal()}
}

// service is what one service has to know.
func (s *secrets) service(app *kong.Application, entry run.Entry) map[string]string {
	own := map[string]string{}
	whole := settings{DatabaseSecret: s.derive(rolesPurpose), BrokerSecret: s.derive(accountsPurpose)}
	if entry.Database != "" {
		own["database-password"] = whole.rolePassword(db.Role(entry.Name))
		own["broker-password"] = whole.brokerPassword(rabbitmq.User(entry.Name))
	}
	for name, flag := range conf.Flags(app) {
		if purpose := flag.Tag.Get(secretTag); purpose != "" && strings.HasPrefix(name, entry.Name+"-") {
			own[name] = s.derive(purpose).Reveal()
		}
	}
	return own
}

// word is a password for an administrator of a program that is not ours, in letters that need no quotes anywhere.
func (s *secrets) word(program string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(s.derive("administrator of " + program).Reveal()))[:32]
}

func yamlOf(own map[string]string) ([]byte, error) {
	text, err := yaml.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("write the secrets: %w", err)
	}
	return text, nil
}

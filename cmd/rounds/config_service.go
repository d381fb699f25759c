package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
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
	own := map[string]string{}
	if c.Name == operator {
		own["database-secret"], own["broker-secret"] = s.derive(rolesPurpose).Reveal(), s.derive(accountsPurpose).Reveal()
		return show(out, own)
	}
	entries, err := pick(services(&cli.Services), []string{c.Name})
	if err != nil {
		return err
	}
	whole := settings{DatabaseSecret: s.derive(rolesPurpose), BrokerSecret: s.derive(accountsPurpose)}
	if entries[0].Database != "" {
		own["database-password"] = whole.rolePassword(db.Role(c.Name))
		own["broker-password"] = whole.brokerPassword(rabbitmq.User(c.Name))
	}
	for name, flag := range conf.Flags(parser.Model) {
		if purpose := flag.Tag.Get(secretTag); purpose != "" && strings.HasPrefix(name, c.Name+"-") {
			own[name] = s.derive(purpose).Reveal()
		}
	}
	return show(out, own)
}

func show(out io.Writer, settings map[string]string) error {
	text, err := yaml.Marshal(settings)
	if err != nil {
		return fmt.Errorf("write the secrets: %w", err)
	}
	_, err = out.Write(text)
	return err
}

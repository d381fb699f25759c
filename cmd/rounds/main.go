// Rounds is continuing education for medical staff, from the article and the live webinar to the points that keep a
// licence. This one binary holds all nine services; how many of them run in a process is the command's choice:
//
//	rounds up             everything, with a private PostgreSQL, on one machine and with one command
//	rounds serve auth     one service, as the production shape runs it
//	rounds serve all      all services in one process, beside a database that somebody else runs
//	rounds verify         whether every promise about what is stored holds
//	rounds simulate webinar   who would pass under a credit rule, before anybody has to
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	_ "time/tzdata" // an image without anything else has no time zones

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/conf"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// What lives is small, what a page leaves behind is not: collecting half as often costs a few megabytes.
		debug.SetGCPercent(200)
	}
	os.Exit(execute(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// program is the command line. What stands outside the commands holds for all of them.
type program struct {
	settings
	Services configs `embed:""`

	Up       upCommand       `cmd:"" help:"Run everything on this machine, with a private PostgreSQL and demo data."`
	Serve    serveCommand    `cmd:"" help:"Run services that find their database and their peers by settings."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the databases to the newest version."`
	Verify   verifyCommand   `cmd:"" help:"Look whether every promise holds that Rounds makes about what it stored."`
	Doctor   doctorCommand   `cmd:"" help:"Look at what Rounds stands on: databases, roles, broker, clocks, disk, certificates, mail."`
	Queue    queueCommand    `cmd:"" help:"Look into the queues, and deal with dead letters."`
	Broker   brokerCommand   `cmd:"" help:"Prepare RabbitMQ."`
	Certs    certsCommand    `cmd:"" help:"Make the certificates by which services on one machine prove their names to each other."`
	Admin    adminCommand    `cmd:"" help:"Make administrators."`
	Demo     demoCommand     `cmd:"" help:"Fill an empty Rounds with demo people, articles and webinars."`
	Simulate simulateCommand `cmd:"" help:"Play a webinar with simulated viewers."`
	Config   configCommand   `cmd:"" help:"Show what can be set."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// execute is main without the process: 0 for success, 1 for a failure told in one sentence, 2 for a wrong command line.
func execute(arguments, environment []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if cause := recover(); cause == errHelp { //nolint:errorlint // The very value that the parser was given.
			code = 0
		} else if cause != nil {
			panic(cause)
		}
	}()
	var cli program
	parser, err := newParser(&cli, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "rounds:", err)
		return 2
	}
	if err := conf.CheckEnvironment(parser.Model, environment); err != nil {
		fmt.Fprintln(stderr, "rounds:", err)
		return 2
	}
	command, err := parser.Parse(arguments)
	if err != nil {
		fmt.Fprintf(stderr, "rounds: %v\nTry: rounds --help\n", err)
		return 2
	}
	if err := command.Run(&cli, parser); err != nil {
		fmt.Fprintln(stderr, "rounds:", sentence(err))
		return 1
	}
	return 0
}

// sentence puts an error on one line; those of libraries may have several.
func sentence(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// errHelp leaves the parser after it has printed its help; kong would exit the process.
var errHelp = errors.New("help was printed")

// help leaves out the settings where none is of use: a dry run needs no database, and its own flags would be lost among them.
func help(options kong.HelpOptions, ctx *kong.Context) error {
	if strings.HasPrefix(ctx.Command(), "simulate") {
		for _, f := range ctx.Model.Flags {
			f.Hidden = f.Name != "help"
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

func newParser(cli *program, stdout, stderr io.Writer) (parser *kong.Kong, err error) {
	return kong.New(cli,
		kong.Name("rounds"),
		kong.Description("Continuing education for medical staff."),
		kong.UsageOnError(),
		kong.DefaultEnvars(conf.Prefix),
		kong.Configuration(conf.YAML),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true}),
		kong.Help(help),
		kong.Vars{"behaviours": behaviours()},
		kong.Exit(func(int) { panic(errHelp) }),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
}

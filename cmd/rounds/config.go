package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/kit/conf"
)

type configCommand struct {
	Docs    configDocsCommand    `cmd:"" help:"Print the page of all settings as Markdown."`
	Service configServiceCommand `cmd:"" help:"Print the secrets of one service, for a file that it is given with --config."`
	Secrets configSecretsCommand `cmd:"" help:"Write the secrets of all services, each into a directory of its own."`
}

type configDocsCommand struct{}

// Run implements the command.
func (configDocsCommand) Run(parser *kong.Kong, out io.Writer) error {
	conf.Docs(out, parser.Model)
	return nil
}

type versionCommand struct{}

// Run implements the command.
func (versionCommand) Run(out io.Writer) error {
	version, revision := "development", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = " " + setting.Value
			}
		}
	}
	fmt.Fprintf(out, "rounds %s%s\n", version, revision)
	return nil
}

// Command load measures Rounds on this machine: go run ./test/load room.
//
// Every measurement starts what it needs, speaks the real protocol, and prints a table with what the machine was. Nothing
// here is a test: the figures depend on the machine and on what else runs on it.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/rounds-cme/rounds/test/live"
	"github.com/rounds-cme/rounds/test/load/room"
)

type commands struct {
	Room room.Command `cmd:"" help:"Viewers in one room, beside a bare WebSocket server that sends the same."`
}

func main() {
	live.ServeIfChild()
	room.FloorIfChild()
	var c commands
	k := kong.Parse(&c, kong.Name("load"))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package main

import (
	"fmt"
	"net"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	"github.com/rounds-cme/rounds/cmd/rounds/demo/registry"
)

// startRegistry runs a chamber's registry beside the demo, so that registration asks somebody; one that was given is asked
// instead. It is in this process and on a port that nobody has to know: it starts and ends with everything else.
func (u *up) startRegistry() error {
	if !u.command.Demo || u.cli.Services.BFF.RegistryURL != "" {
		return nil
	}
	data, err := demo.Load()
	if err != nil {
		return fmt.Errorf("the demo data: %w", err)
	}
	listeners, err := listen([]string{net.JoinHostPort("127.0.0.1", "0")})
	if err != nil {
		return err
	}
	u.registry = "http://" + listeners[0].Addr().String()
	u.cli.Services.BFF.RegistryURL = u.registry
	u.servers = append(u.servers, serveFront(listeners[0], registry.Demo(data), u.log))
	return nil
}

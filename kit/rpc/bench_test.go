package rpc_test

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/rpc"
)

// BenchmarkCall is what one call costs in either way: go test -bench Call ./kit/rpc
func BenchmarkCall(b *testing.B) {
	for name, near := range map[string]bool{"near": true, "far": false} {
		b.Run(name, func(b *testing.B) {
			local, addresses := rpc.NewLocal("echo"), map[string]string{}
			listener := local.Listener("echo")
			if !near {
				var err error
				if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
					b.Fatal(err)
				}
				addresses["echo"], local = listener.Addr().String(), nil
			}
			server := rpc.NewServer(rpc.Options{Name: "echo", Log: obs.NewLogger(io.Discard, slog.LevelInfo), Files: echoFiles(b)},
				rpc.Service{Desc: echoDesc(), Impl: &echo{}})
			go func() { _ = server.Serve(listener) }()
			defer server.Stop()
			d := rpc.NewDialer("bff", local, addresses)
			defer func() { _ = d.Close() }()
			conn, text := d.Dial("echo"), strings.Repeat("x", 10_000)
			for b.Loop() {
				if _, err := call(b.Context(), conn, "Open", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

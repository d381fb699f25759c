package arrow

import (
	"fmt"
	"slices"
	"strings"
)

// YAML is the table as the chart reads it.
func YAML() string {
	var b strings.Builder
	b.WriteString("# Written from contract/arrow by `go test ./test/arch -run TestArrows -update`; the NetworkPolicies open exactly these.\narrows:\n")
	for _, a := range Table() {
		fmt.Fprintf(&b, "  - {from: %s, to: %s, over: %s}\n", a.From, a.To, a.Over)
	}
	return b.String()
}

// Markdown is the picture, and the table below it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Who speaks to whom\n\nWritten from [contract/arrow](../contract/arrow/arrow.go) by `go test ./test/arch -run TestArrows -update`." +
		" What is not here is closed: by\nNetworkPolicies in Kubernetes, by certificates between services, by accounts at the databases and the broker.\n\n")
	b.WriteString("```mermaid\nflowchart LR\n")
	for _, a := range Table() {
		if drawn(a) {
			fmt.Fprintf(&b, "  %s %s %s\n", node(a.From), line(a.Over), node(a.To))
		}
	}
	b.WriteString("```\n\nThick: gRPC with certificates. Thin: HTTP and what programs speak. Metrics, which every service has, are left out of the picture.\n\n")
	b.WriteString("| from | to | over | for |\n|---|---|---|---|\n")
	for _, a := range Table() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", a.From, a.To, a.Over, a.For)
	}
	return b.String()
}

func drawn(a Arrow) bool { return a.Over != Private }

func line(over Over) string {
	if over == RPC {
		return "==>"
	}
	return "-->"
}

// node is a box for a service, and a rounded one for anybody else.
func node(name string) string {
	id := strings.ReplaceAll(name, "-", "_")
	if slices.Contains(Services(), name) {
		return id + "[" + name + "]"
	}
	return id + "([" + name + "])"
}

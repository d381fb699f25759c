package run

import (
	"strings"

	"github.com/rounds-cme/rounds/kit/web"
)

// Web is what the HTTP door of every service has in common; a service adds what is its own.
func (d *Deps) Web() web.Options {
	return web.Options{
		Name: d.Name, Log: d.Log, Metrics: d.Metrics, Now: d.Now, Tokens: d.Tokens, Trusted: d.Proxies, HTTPS: strings.HasPrefix(d.BaseURL, "https:"),
	}
}

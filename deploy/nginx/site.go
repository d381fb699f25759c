// Package nginx is the way in of the production shape: one configuration for every place, in nginx.conf, and what a place decides.
package nginx

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed *.conf pages
var files embed.FS

// place are the templates of what a place decides; the chart of Kubernetes fills the same ones.
//
//go:embed place
var place embed.FS

// Site is what a place decides.
type Site struct {
	Listen      []string // "443", or "127.0.0.1:8443"
	Names       []string // of the site; empty: any
	Certificate string   // file; empty: plain HTTP, for a network that is closed
	Key         string
	// Proxies stand before us and say in X-Forwarded-For where a request comes from.
	Proxies []netip.Prefix
	// Resolver looks names of services up again, such as "10.96.0.10"; empty: all are addresses.
	Resolver string
	// Services are where each service is: several addresses, or one name that the resolver knows.
	Services map[string][]string
	// What one address may ask in a second; zero: what suits a hospital.
	Requests, Guesses, Uploads int
}

// Services are the names of those that NGINX speaks to.
func Services() []string {
	return []string{"ssr", "bff", "auth", "livewebinar", "notificationcenter"}
}

// Write puts the configuration of a site into a directory, for `nginx -p DIRECTORY -c DIRECTORY/nginx.conf`.
func (s Site) Write(dir string) error {
	for _, name := range Services() {
		if len(s.Services[name]) == 0 {
			return fmt.Errorf("nginx: nobody knows where %s is", name)
		}
	}
	for _, sub := range []string{"pages", "tmp", "cache"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o750); err != nil {
			return fmt.Errorf("nginx: %w", err)
		}
	}
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		if err != nil {
			return err //nolint:wrapcheck // ours
		}
		return os.WriteFile(filepath.Join(dir, path), text, 0o640) //nolint:gosec // workers of another account may read it
	})
	if err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	for name, text := range s.own() {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o640); err != nil { //nolint:gosec // as above
			return fmt.Errorf("nginx: %w", err)
		}
	}
	return nil
}

// own are the files that only this place has.
func (s Site) own() map[string][]byte {
	if s.Requests == 0 {
		s.Requests = 100
	}
	if s.Guesses == 0 {
		s.Guesses = 2
	}
	if s.Uploads == 0 {
		s.Uploads = 1
	}
	all := map[string][]byte{}
	for _, t := range template.Must(template.ParseFS(place, "place/*.conf")).Templates() {
		var b bytes.Buffer
		if err := t.Execute(&b, s); err != nil {
			panic(err) // a template of ours does not fit the struct beside it
		}
		all[t.Name()] = b.Bytes()
	}
	return all
}

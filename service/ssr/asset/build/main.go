// Command build makes what browsers load from Rounds: one style sheet, the fonts, the scripts and
// the icons. Its output is committed and embedded, so that `go build` needs neither Node nor a
// network; only who changes a style or a script runs it (tools/web).
//
// Tailwind makes the style sheet from the classes used in templates; esbuild bundles, minifies and
// names every file by its content, so that browsers may keep a file for ever.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	root  = "service/ssr"
	dist  = root + "/asset/dist"
	cache = root + "/asset/.build"
)

func main() {
	log.SetFlags(0)
	for _, step := range []func() error{icons, styles, typecheck, bundle} {
		if err := step(); err != nil {
			log.Fatalf("web build: %v", err)
		}
	}
}

// styles lets Tailwind write the style sheet: app.css and the page style sheets beside the templates.
func styles() error {
	pages, err := filepath.Glob(root + "/page/*/*.css")
	if err != nil {
		return err
	}
	slices.Sort(pages)
	sheet := "@import \"../src/app.css\";\n"
	for _, page := range pages {
		sheet += fmt.Sprintf("@import %q;\n", "../../"+strings.TrimPrefix(page, root+"/"))
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(cache+"/in.css", []byte(sheet), 0o644); err != nil {
		return err
	}
	return run("node_modules/.bin/tailwindcss", "-i", cache+"/in.css", "-o", cache+"/app.css")
}

func typecheck() error {
	return run("node_modules/.bin/tsc", "--noEmit", "--strict", "-p", root+"/asset/tsconfig.json")
}

// bundle writes dist: app.css and app.js for every page, <page>.js for the pages that have a script.
func bundle() error {
	entries := []api.EntryPoint{
		{InputPath: cache + "/app.css", OutputPath: "app"},
		{InputPath: root + "/asset/src/app.ts", OutputPath: "app"},
		{InputPath: root + "/asset/src/worker.ts", OutputPath: "worker"},
		{InputPath: root + "/asset/src/mark.svg", OutputPath: "mark"},
	}
	scripts, err := filepath.Glob(root + "/page/*/*.ts")
	if err != nil {
		return err
	}
	for _, script := range scripts {
		entries = append(entries, api.EntryPoint{InputPath: script, OutputPath: strings.TrimSuffix(filepath.Base(script), ".ts")})
	}
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return err
	}
	names, err := home()
	if err != nil {
		return err
	}
	result := api.Build(api.BuildOptions{
		EntryPointsAdvanced: entries, Outdir: dist, Bundle: true, Write: true, Metafile: true, Splitting: true,
		Format: api.FormatESModule, Target: api.ES2022, PublicPath: "/static/",
		MinifySyntax: true, MinifyWhitespace: true, MinifyIdentifiers: true, LegalComments: api.LegalCommentsNone,
		EntryNames: "[name]-[hash]", ChunkNames: "[name]-[hash]", AssetNames: "[name]-[hash]",
		Define: map[string]string{"ICON": fmt.Sprintf("%q", "/static/"+names["icon-192.png"])},
		Loader: map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderCopy}, LogLevel: api.LogLevelWarning,
	})
	if len(result.Errors) > 0 {
		return fmt.Errorf("esbuild found %d errors", len(result.Errors))
	}
	return manifest(result.Metafile, names)
}

// manifest writes which built file stands for which name: {"app.css": "app-5FJ2K.css"}.
func manifest(metafile string, names map[string]string) error {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string `json:"entryPoint"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return fmt.Errorf("read what esbuild made: %w", err)
	}
	for output, o := range meta.Outputs {
		file := filepath.Base(output)
		stem, ext := file[:strings.LastIndex(file, "-")], filepath.Ext(file)
		if o.EntryPoint != "" || ext == ".woff2" {
			names[stem+ext] = file
		}
	}
	out, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(dist+"/manifest.json", append(out, '\n'), 0o644)
}

func run(name string, args ...string) error {
	cmd := exec.Command(name, args...) //nolint:noctx // Ctrl-C reaches it too.
	cmd.Stderr = os.Stderr
	cmd.Stdout = os.Stdout
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

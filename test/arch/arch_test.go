// Package arch_test keeps the taste of the repository as tests: who may import whom, what must be documented, what may
// not be forgotten beside an RPC, which links must lead somewhere. A rule that only stands in a text is broken by the
// third newcomer; one that stands here tells the first, with a sentence that says what to do instead.
//
// The tests read the tree as it lies on the disk, so they hold for what comes later without being told of it.
package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/rounds-cme/rounds"

// root is the directory of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files lists what people wrote or generated into the tree, relative to its root: nothing that tools put there.
func files(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root(t), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		relative, err := filepath.Rel(root(t), path)
		if err != nil {
			return err
		}
		switch {
		case name == ".git": // a file, where the tree is a second one of a repository
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0: // what it leads to is met where it is
		case !d.IsDir():
			all = append(all, filepath.ToSlash(relative))
		case relative == ".", name == ".ci":
		case name == "node_modules", strings.HasPrefix(name, "."), relative == "data", relative == "bin":
			return filepath.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, relative string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(relative)))
	if errors.Is(err, fs.ErrNotExist) {
		return "" // another test or an editor took it away meanwhile
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// generatedMark is how generated Go says so.
var generatedMark = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func generated(source string) bool { return generatedMark.MatchString(source) }

// goPackage is what `go list` knows of a package.
type goPackage struct {
	Dir, ImportPath           string
	Imports                   []string
	TestImports, XTestImports []string
	GoFiles                   []string
	TestGoFiles, XTestGoFiles []string
}

// room is the path within the module: "kit/rpc".
func (p goPackage) room() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=Dir,ImportPath,Imports,TestImports,XTestImports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list knows of only %d packages", len(all))
	}
	return all
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string // in place of Package while building
	Test       string
	Output     string
	Elapsed    float64
}

type tally struct{ passed, failed int }

// suite is a package whose tests run.
type suite struct {
	tally
	output map[string]*strings.Builder // of each test that has not passed; "" is the package's own
	inner  map[string]bool             // tests that have tests inside
	spoilt map[string]bool             // of those, the ones of which an inner test failed
}

type sum struct {
	out     io.Writer
	total   tally
	running map[string]*suite
	builds  map[string]*strings.Builder
}

func newSum(out io.Writer) *sum {
	return &sum{out: out, running: map[string]*suite{}, builds: map[string]*strings.Builder{}}
}

// read takes events to the end. Lines that are no events are passed through: they are for the person too.
func (s *sum) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			s.add(e)
		} else {
			fmt.Fprintf(s.out, "%s", line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
	}
}

func (s *sum) add(e event) {
	switch e.Action {
	case "build-output":
		write(s.builds, e.ImportPath, e.Output)
		return
	case "build-fail":
		fmt.Fprintf(s.out, "FAIL  %s does not build\n%s", e.ImportPath, text(s.builds[e.ImportPath]))
		return
	}
	p := s.running[e.Package]
	if p == nil {
		p = &suite{output: map[string]*strings.Builder{}, inner: map[string]bool{}, spoilt: map[string]bool{}}
		s.running[e.Package] = p
	}
	switch e.Action {
	case "run":
		for outer := range around(e.Test) {
			p.inner[outer] = true
		}
	case "output":
		if !framing(e.Output) {
			write(p.output, e.Test, e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.end(e, p)
		} else {
			s.endTest(e, p)
		}
	}
}

// endTest counts a test that ended, and prints what it said unless it passed.
func (s *sum) endTest(e event, p *suite) {
	failed := e.Action != "pass"
	if failed {
		word := "FAIL"
		if e.Action == "skip" {
			word = "SKIP"
		}
		fmt.Fprintf(s.out, "%s  %s %s\n%s", word, e.Package, e.Test, text(p.output[e.Test]))
	}
	delete(p.output, e.Test)
	if !p.inner[e.Test] || failed && !p.spoilt[e.Test] {
		p.count(failed)
	}
	if failed {
		for outer := range around(e.Test) {
			p.spoilt[outer] = true
		}
	}
}

// end prints the line of a package that ended. A package may fail while none of its tests did: it did not build, it
// exited, it panicked before its first test.
func (s *sum) end(e event, p *suite) {
	delete(s.running, e.Package)
	switch {
	case e.Action == "skip" || e.Action == "pass" && p.passed == 0 && p.failed == 0:
		return // no tests in it
	case e.Action == "fail" && p.failed == 0:
		p.count(true)
		fmt.Fprintf(s.out, "FAIL  %s\n%s", e.Package, text(p.output[""]))
	}
	word := "ok  "
	if p.failed > 0 {
		word = "FAIL"
	}
	fmt.Fprintf(s.out, "%s  %-70s %4d passed %3d failed %6.1fs\n", word, e.Package, p.passed, p.failed, e.Elapsed)
	s.total.add(p.tally)
}

// finish prints the last line. Packages that began and never ended were killed; no test at all proves nothing.
func (s *sum) finish(before tally) tally {
	for _, name := range slices.Sorted(maps.Keys(s.running)) {
		p := s.running[name]
		p.count(true)
		fmt.Fprintf(s.out, "FAIL  %s never ended\n%s", name, text(p.output[""]))
		s.total.add(p.tally)
	}
	if s.total == (tally{}) {
		fmt.Fprintln(s.out, "FAIL  no test ran")
		s.total.failed++
	}
	s.total.add(before)
	fmt.Fprintf(s.out, "%d passed, %d failed\n", s.total.passed, s.total.failed)
	return s.total
}

func (t *tally) count(failed bool) {
	if failed {
		t.failed++
	} else {
		t.passed++
	}
}

func (t *tally) add(other tally) {
	t.passed += other.passed
	t.failed += other.failed
}

// framing is what the testing package prints around each test; it says nothing that a heading does not.
func framing(line string) bool {
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// around yields whatever may hold a test, from the outside to the inside. Names of cases may have slashes themselves, so
// some of these are no tests; that does no harm.
func around(test string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, r := range test {
			if r == '/' && !yield(test[:i]) {
				return
			}
		}
	}
}

func write(to map[string]*strings.Builder, key, output string) {
	if to[key] == nil {
		to[key] = &strings.Builder{}
	}
	to[key].WriteString(output)
}

func text(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	return b.String()
}

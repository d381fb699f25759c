// Sum reads what `go test -json` prints and says it to a person: a line for each package as it ends, the whole output
// of what failed and of nothing else, and at the end one line alone, "N passed, N failed".
//
// Only what has no tests inside is counted, so that a table of ten cases is ten tests and not eleven. A test that skips
// itself is a failure: what was not looked at is not proven. So is a package that does not build, dies, or never ends.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var before tally
	flag.IntVar(&before.passed, "passed", 0, "checks that passed before the tests")
	flag.IntVar(&before.failed, "failed", 0, "checks that failed before the tests")
	flag.Parse()
	s := newSum(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "sum:", err)
		s.total.failed++
	}
	if total := s.finish(before); total.failed > 0 {
		os.Exit(1)
	}
}

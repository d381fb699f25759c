// Package e2e walks through Rounds in a real browser. What a person sees and does is the promise, so
// that is what is tested: no page is asserted by its bytes, and none is done before axe has nothing to say.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// chromium is shared by all tests of the run: starting one takes longer than most tests.
var chromium *browser.Browser //nolint:gochecknoglobals // TestMain has no other way to hand it to the tests

// atOnce is how many tests share a processor: people wait more than they do.
const atOnce = 2

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) { // nobody chose
		_ = flag.Set("test.parallel", strconv.Itoa(atOnce*runtime.GOMAXPROCS(0)))
	}
	b, err := browser.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	chromium = b
	code := m.Run()
	b.Stop()
	os.Exit(code)
}

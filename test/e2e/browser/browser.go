// Package browser drives a real Chromium through the pages, as a person would.
//
// Why a package of its own: a journey should read like one. So each step waits for the thing it
// needs and never sleeps; when it does not come, the test fails with what the page says and what
// the browser complained of. Complaints (script errors, violations of the content security policy,
// failed requests) fail a test by themselves. One Chromium serves a whole test run; each person of
// a test has a context of their own, with cookies that nobody shares.
//
//	p := chromium.New(t, base)
//	p.Open("/register")
//	p.Fill("#f-name", "Ana Kovač")
//	p.Click("button[type=submit]")
//	p.See("[data-error-summary]")
//	p.Accessible()
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Browser is one Chromium for a test run. Start it in TestMain.
type Browser struct {
	ctx  context.Context //nolint:containedctx // it is the handle that chromedp gives for the process
	stop []func()
	axe  chan struct{} // held by the page that axe looks at
}

// Start starts Chromium, with a profile that is thrown away.
func Start() (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "rounds-chromium-")
	if err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "en"), chromedp.WindowSize(1440, 900))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	b := &Browser{ctx: ctx, axe: make(chan struct{}, 1), stop: []func(){stop, stopAlloc, func() { _ = os.RemoveAll(profile) }}}
	// Not under a deadline of its own: the context of the first step lives as long as the process.
	if err := chromedp.Do(ctx); err != nil {
		b.Stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// Stop ends Chromium and removes its profile.
func (b *Browser) Stop() {
	for _, stop := range b.stop {
		stop()
	}
}

// find prefers the Chromium that cannot draw windows: the tours take 13 s of processor time with it, and 42 s with the other.
func find() (string, error) {
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium on this machine: install the package chromium-headless-shell")
}

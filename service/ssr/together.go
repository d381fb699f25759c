package ssr

import "sync"

// all does things at the same time and waits for each: what the blocks of a page need takes as long as the slowest of them.
func all(do ...func()) {
	var g sync.WaitGroup
	for _, f := range do {
		g.Go(f)
	}
	g.Wait()
}

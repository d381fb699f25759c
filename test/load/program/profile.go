package program

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Profile asks the private port for a CPU profile over the given time; the func that it returns waits until it is written.
func (r *Rounds) Profile(path string, lasting time.Duration) (wait func()) {
	done := make(chan error, 1)
	go func() {
		client := &http.Client{Timeout: lasting + time.Minute}
		answer, err := client.Get(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", r.Private, max(1, int(lasting.Seconds())))) //nolint:noctx // the client has a time-out
		if err != nil {
			done <- err
			return
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		done <- err
	}()
	return func() {
		if err := <-done; err != nil {
			fmt.Fprintln(os.Stderr, "no profile:", err)
		}
	}
}

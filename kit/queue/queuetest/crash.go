package queuetest

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/rounds-cme/rounds/kit/queue"
)

// crashLease is short, so that the test needs not wait long; it is renewed by those who live.
const crashLease = 3 * time.Second

// Victim is the body of a helper process: it takes messages, says so, and never finishes one.
func Victim(d queue.Driver, name string) {
	o := queue.Options{Workers: 2, Prefetch: 10, Lease: crashLease}
	_ = d.Consume(context.Background(), name, o, func(_ context.Context, batch []*queue.Delivery) error {
		fmt.Println(batch[0].ID) // the test kills us now
		select {}
	})
}

// Crash kills a helper process with -9 while it holds messages: another instance gets every one of them, none twice, and
// sees that it is not the first attempt. start makes the command that runs Victim on the rig's plain queue.
func Crash(t *testing.T, rig Rig, start func() *exec.Cmd) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	b := &bench{T: t, Rig: rig, ctx: ctx}
	const count = 30
	for range count {
		b.put(message(b.Plain, "x"))
	}
	cmd := start()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the helper: %v", err)
	}
	lines := bufio.NewScanner(out)
	for range 2 { // both workers are within the handler
		if !lines.Scan() {
			t.Fatalf("the helper took nothing: %v", lines.Err())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "killed" is what we wanted
	in := b.inbox()
	begun := time.Now()
	b.consume(b.Plain, queue.Options{}, in.handle)
	seen, again := map[string]bool{}, 0
	for range count {
		d := in.next()
		if seen[d.ID.String()] = true; d.Attempt > 1 {
			again++
		}
	}
	equal(b, "different ones", len(seen), count)
	equal(b, "more", len(in.drained(b.Plain)), 0)
	if again < 2 || again > 10 {
		t.Errorf("%d messages came again, the helper held between 2 and 10", again)
	}
	t.Logf("all came within %s of the kill, %d of them again", time.Since(begun), again)
}

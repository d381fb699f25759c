package livewebinar

import (
	"slices"
	"testing"
)

// TestTurns brings more than may wait to a room that is held up: nobody who brings it waits, what is done is done in order, and
// what is too much is dropped.
func TestTurns(t *testing.T) {
	t.Parallel()
	var room, other turns
	var done []int
	begun, held, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	room.do(func() { close(begun); <-held })
	<-begun
	for n := range turnsWaiting + 10 {
		room.do(func() {
			if done = append(done, n); len(done) == turnsWaiting {
				close(ended)
			}
		})
	}
	elsewhere := make(chan struct{})
	other.do(func() { close(elsewhere) })
	<-elsewhere // while the one is held up
	close(held)
	<-ended
	if len(done) != turnsWaiting || !slices.IsSorted(done) {
		t.Errorf("%d were done, in order: %v", len(done), slices.IsSorted(done))
	}
	again := make(chan struct{})
	room.do(func() { close(again) })
	<-again
	if len(done) != turnsWaiting {
		t.Errorf("%d were done, %d could wait", len(done), turnsWaiting)
	}
}

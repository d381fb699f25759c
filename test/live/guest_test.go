package live

import (
	"errors"
	"testing"

	"github.com/google/uuid"
)

// TestVisitorsOfOneAddress opens more connections without an account than one address may have, behind a proxy: who is refused is told
// why, others come in, and a place that is given back is free.
func TestVisitorsOfOneAddress(t *testing.T) {
	t.Parallel()
	h := Build(t)
	h.Serve()
	dial := func(account uuid.UUID, from string) (*Client, error) {
		o := h.Options(account)
		o.From = from
		c, err := Dial(t.Context(), o)
		if err == nil {
			t.Cleanup(c.Kill)
		}
		return c, err
	}
	var clients []*Client
	for range visitorsMost {
		clients = append(clients, must(dial(uuid.Nil, "6.6.6.6, 203.0.113.7"))(t))
	}
	var closed *Closed
	if _, err := dial(uuid.Nil, "203.0.113.7"); !errors.As(err, &closed) || closed.Code != 4004 {
		t.Errorf("one too many: %v", err)
	}
	must(dial(uuid.Nil, "203.0.113.8"))(t)
	must(dial(h.Account("Ana"), "203.0.113.7"))(t)
	clients[0].Kill()
	h.Await("the place is free", func() bool { _, err := dial(uuid.Nil, "203.0.113.7"); return err == nil })
}

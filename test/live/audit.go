package live

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// FirstCheck computes when a viewer will be asked, as an auditor does after the end, when the secret is published.
func (h *House) FirstCheck(account uuid.UUID) time.Time {
	h.t.Helper()
	var seed, frozen []byte
	var opened, starts time.Time
	if err := h.admin.QueryRow(h.t.Context(), `SELECT r.seed, r.opened_at, w.starts_at, w.frozen_rule FROM livewebinar.room r
		JOIN datamanagement.webinar w ON w.id = r.webinar_id`).Scan(&seed, &opened, &starts, &frozen); err != nil {
		h.t.Fatal(err)
	}
	rule, err := credit.ParseRule(frozen)
	if err != nil {
		h.t.Fatal(err)
	}
	programme := credit.Union(credit.Span{From: opened, To: starts.Add(time.Hour)})
	return presence.Times(presence.Seed(seed), account.String(), programme, presence.For(rule))[0]
}

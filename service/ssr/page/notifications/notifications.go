// Package notifications is the page of everything that the reader was told: what is new stands out, and one button says that
// all of it was seen.
package notifications

import (
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/ssr/form"
)

// View is what the page shows.
type View struct {
	Form   form.Form
	Items  []Item
	Unseen int
	// Older leads to the next page; empty on the last.
	Older   string
	Missing bool
	Late    *bffpb.NotificationsLateResponse
}

// Item is one notification.
type Item struct {
	ID   string
	Text string
	At   time.Time
	Seen bool
}

// since is when the oldest message that is late should have gone; zero when none is.
func since(l *bffpb.NotificationsLateResponse) time.Time {
	if l.GetSince() == nil {
		return time.Time{}
	}
	return l.GetSince().AsTime()
}

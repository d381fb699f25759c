// Package profile is one's own account: where the application stands, and what one may change oneself.
package profile

import (
	"time"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/ssr/form"
)

// View is what the pages show.
type View struct {
	Me   *bffpb.MeResponse
	Form form.Form
}

func (v View) submitted() time.Time { return v.Me.GetSubmittedAt().AsTime() }

// Package personal is the page of a member's own: four blocks, each complete alone, each missing alone.
package personal

import (
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// View is what the page shows; a part without its source is nil.
type View struct{ Page *bffpb.PointsPersonalResponse }

func tone(state string) part.Tone {
	return map[string]part.Tone{"earned": part.Main, "sent": part.Main, "accepted": part.Good, "refused": part.Bad}[state]
}

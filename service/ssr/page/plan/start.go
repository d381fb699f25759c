package plan

import (
	"context"
	"strings"
	"time"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/wall"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Settle reads what was typed as a start: a blank may stand for the T, seconds are passed over, and a time that was chosen in place of a
// skipped one takes its place, unless another one was typed meanwhile.
func Settle(f form.Form) form.Form {
	start := strings.Replace(f.Get("start"), " ", "T", 1)
	if at, err := wall.Parse(start); err == nil {
		start = at.Format(wall.Layout)
	}
	if instead := f.Get("instead"); instead != "" && f.Get("instead_of") == skipped(start, f.Get("zone")) {
		start = instead
	}
	return f.Set("start", start)
}

func skipped(start, zone string) string { return start + " " + zone }

// said is the start as it was typed, with its zone; false when one of them cannot be read.
func said(f form.Form) (time.Time, *time.Location, bool) {
	at, err := wall.Parse(f.Get("start"))
	zone, unknown := time.LoadLocation(f.Get("zone"))
	if err != nil || unknown != nil || f.Get("zone") == "" || f.Get("zone") == "Local" {
		return time.Time{}, time.UTC, false
	}
	return at, zone, true
}

// Start is the moment that was typed; false when it is none, or when it is not said which of two.
func Start(f form.Form) (time.Time, bool) {
	at, zone, ok := said(f)
	if !ok {
		return time.Time{}, false
	}
	moments := wall.Moments(at, zone)
	switch {
	case len(moments) == 1, len(moments) == 2 && f.Get("occurrence") == "first":
		return moments[0], true
	case len(moments) == 2 && f.Get("occurrence") == "second":
		return moments[1], true
	}
	return time.Time{}, false
}

// instead offers the times beside one that the clocks skip.
func instead(ctx context.Context, f form.Form) []part.Option {
	at, zone, ok := said(f)
	if !ok || len(wall.Moments(at, zone)) > 0 {
		return nil
	}
	earlier, later := wall.Beside(at, zone)
	var options []part.Option
	for _, one := range []time.Time{earlier, later} {
		if moments := wall.Moments(one, zone); len(moments) > 0 {
			options = append(options, part.Option{Value: one.Format(wall.Layout), Label: there(ctx, moments[0], f.Get("zone"))})
		}
	}
	return options
}

// occurrences offers both moments of a time that comes twice.
func occurrences(ctx context.Context, f form.Form) []part.Option {
	at, zone, ok := said(f)
	if !ok {
		return nil
	}
	moments := wall.Moments(at, zone)
	if len(moments) < 2 {
		return nil
	}
	return []part.Option{
		{Value: "first", Label: i18n.Say(ctx, "plan.first", "at", there(ctx, moments[0], f.Get("zone")))},
		{Value: "second", Label: i18n.Say(ctx, "plan.second", "at", there(ctx, moments[1], f.Get("zone")))},
	}
}

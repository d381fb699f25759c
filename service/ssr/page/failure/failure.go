// Package failure is the page that is shown instead of a page: what happened, what one can do, and
// the id of the request to quote.
package failure

import (
	"context"
	"net/http"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
)

// View is what went wrong.
type View struct {
	Status int
	Error  *errs.Error
}

// title says what happened in a few words.
func (v View) title(ctx context.Context) string {
	switch {
	case v.Status == http.StatusNotFound:
		return i18n.Say(ctx, "failure.not_found")
	case v.Status == http.StatusUnauthorized:
		return i18n.Say(ctx, "failure.expired")
	case v.Status == http.StatusForbidden:
		return i18n.Say(ctx, "failure.forbidden")
	case v.Status == http.StatusServiceUnavailable:
		return i18n.Say(ctx, "failure.unavailable")
	case v.Status >= http.StatusInternalServerError:
		return i18n.Say(ctx, "failure.internal")
	}
	return i18n.Say(ctx, "failure.refused")
}

// advice says what one can do.
func (v View) advice(ctx context.Context) string {
	switch {
	case v.Status == http.StatusNotFound:
		return i18n.Say(ctx, "failure.not_found_advice")
	case v.Status == http.StatusUnauthorized:
		return i18n.Say(ctx, "failure.expired_advice")
	case v.Status == http.StatusForbidden:
		return i18n.Say(ctx, "failure.forbidden_advice")
	case v.Status >= http.StatusInternalServerError:
		return i18n.Say(ctx, "failure.internal_advice")
	}
	return i18n.Say(ctx, "failure.refused_advice")
}

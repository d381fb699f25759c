package webinar

import (
	"time"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/rules/wall"
)

const farthest = 3 * 366 * 24 * time.Hour

// start reads a start as an organiser says it. Twice a year that is no moment, or two: then the organiser has to say which.
func start(f *errs.Fields, l *datamanagementpb.LocalStart, now time.Time) time.Time {
	zone, err := time.LoadLocation(l.GetZone())
	if err != nil || !i18n.IsZone(l.GetZone()) {
		f.Add("zone", "form.zone", "Choose a time zone from the list.")
		return time.Time{}
	}
	said, err := wall.Parse(l.GetTime())
	if err != nil {
		f.Add("start", "webinar.start", "Enter a date and a time, such as 2026-11-26 18:00.")
		return time.Time{}
	}
	moments := wall.Moments(said, zone)
	switch {
	case len(moments) == 0:
		f.Add("start", "webinar.gap", "The clocks go forward that night and skip this time. Choose an earlier or a later one.")
		return time.Time{}
	case len(moments) == 2 && l.GetOccurrence() == "second":
		moments = moments[1:]
	case len(moments) == 2 && l.GetOccurrence() != "first":
		f.Add("start", "webinar.overlap", "The clocks go back that night, so this time comes twice. Choose the first or the second.")
		return time.Time{}
	}
	switch at := moments[0]; {
	case !at.After(now):
		f.Add("start", "webinar.past", "This time has passed. Choose one that is still to come.")
	case at.After(now.Add(farthest)):
		f.Add("start", "webinar.far", "This is more than three years away. Choose an earlier time.")
	}
	return moments[0]
}

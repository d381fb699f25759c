package notificationtaskrunner

import "time"

const minutesOfADay = 24 * 60

// hours are quiet hours on the clocks of a zone, in minutes after midnight; from 22:00 to 06:00 goes over midnight.
type hours struct {
	zone     *time.Location
	from, to int16
}

// quiet tells whether the clocks show quiet hours.
func (h hours) quiet(at time.Time) bool {
	hour, minute, _ := at.In(h.zone).Clock()
	now := int16(hour*60 + minute) //nolint:gosec // Below 1440.
	if h.from < h.to {
		return h.from <= now && now < h.to
	}
	return now >= h.from || now < h.to
}

// ends is the first whole minute from now on that is not quiet; now itself when it is not.
//
// It looks at the clocks minute by minute and does not calculate: in a night of clock change an hour is missing or comes twice, and
// the end of the quiet hours may lie in it.
func (h hours) ends(now time.Time) time.Time {
	if !h.quiet(now) {
		return now
	}
	at := now.Truncate(time.Minute)
	for range 2 * minutesOfADay {
		if at = at.Add(time.Minute); !h.quiet(at) {
			return at
		}
	}
	return now // No clock is quiet for two days.
}

package preference

import (
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/kit/errs"
)

// Channels and the topic that may not be switched off everywhere.
const (
	Site   = "site"
	Email  = "email"
	Push   = "push"
	Change = "change"
)

// What can be chosen for one thing.
const (
	on      = "on"
	off     = "off"
	asTopic = "topic"
)

const (
	minutesAnHour = 60
	longestPause  = 366 // days
)

// Choice is what is switched: a topic, or one thing of it, on one channel.
type Choice struct {
	Topic   string
	Target  uuid.UUID // zero: the whole topic
	Channel string
}

// Topics lists what people may choose about.
func Topics() []string { return []string{"webinar", Change, "article", "reply", "points", "licence"} }

// Channels lists how people are told.
func Channels() []string { return []string{Site, Email, Push} }

// Targets lists what can be an exception of a topic.
func Targets(topic string) []string {
	switch topic {
	case "webinar", Change:
		return []string{"webinar", "category", "lecturer"}
	case "article":
		return []string{"category"}
	default:
		return nil
	}
}

// quiet reads both ends of the quiet hours: both or none.
func quiet(f *errs.Fields, from, to string) (begins, ends *int16) {
	if from == "" && to == "" {
		return nil, nil
	}
	begins, ends = clock(f, "quiet_from", from), clock(f, "quiet_to", to)
	if begins != nil && ends != nil && *begins == *ends {
		f.Add("quiet_to", "preference.quiet_same", "Quiet hours end at another time than they begin.")
	}
	return begins, ends
}

func clock(f *errs.Fields, name, typed string) *int16 {
	at, err := time.Parse("15:04", typed)
	if err != nil {
		f.Add(name, "preference.quiet", "Enter both times, such as 22:00 and 06:30, or neither.")
		return nil
	}
	minute := int16(at.Hour()*minutesAnHour + at.Minute()) //nolint:gosec // Below 1440.
	return &minute
}

// day is the beginning of a day in a person's zone; nil for none.
func day(typed, zone string, now time.Time) (*time.Time, error) {
	if typed == "" {
		return nil, nil //nolint:nilnil // No day ends a pause.
	}
	refuse := func(code, sentence string) (*time.Time, error) {
		return nil, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("until", code, sentence)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	at, err := time.ParseInLocation(time.DateOnly, typed, location)
	switch {
	case err != nil:
		return refuse("preference.pause_day", "Enter a day, such as 2026-12-24.")
	case !at.After(now):
		return refuse("preference.pause_past", "Choose a day that is still to come.")
	case at.After(now.AddDate(0, 0, longestPause)):
		return refuse("preference.pause_long", "Choose a day within a year.")
	}
	return &at, nil
}

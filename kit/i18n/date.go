package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func weekdaySlovenian(day time.Weekday) string {
	return [...]string{"nedelja", "ponedeljek", "torek", "sreda", "četrtek", "petek", "sobota"}[day]
}

func monthSlovenian(month time.Month) string {
	return [...]string{
		"januar", "februar", "marec", "april", "maj", "junij", "julij", "avgust", "september", "oktober", "november", "december",
	}[month-1]
}

// Day writes a date with its weekday: "Thursday 26 November 2026", "četrtek, 26. november 2026".
func (s *Speaker) Day(t time.Time) string {
	t = t.In(s.zone)
	if s.language == "sl" {
		return weekdaySlovenian(t.Weekday()) + ", " + s.ShortDay(t)
	}
	return t.Format("Monday 2 January 2006")
}

// ShortDay writes a date without its weekday, for tables: "26 November 2026".
func (s *Speaker) ShortDay(t time.Time) string {
	t = t.In(s.zone)
	if s.language == "sl" {
		return strconv.Itoa(t.Day()) + ". " + monthSlovenian(t.Month()) + " " + strconv.Itoa(t.Year())
	}
	return t.Format("2 January 2006")
}

// Clock writes the time of day in the reader's zone, without naming it: "18:00".
func (s *Speaker) Clock(t time.Time) string { return t.In(s.zone).Format("15:04") }

// Location is the reader's own zone; times that are typed are read in it.
func (s *Speaker) Location() *time.Location { return s.zone }

// ZoneName names the reader's zone at that moment: "CET", or "UTC+3" where it has no short name.
func (s *Speaker) ZoneName(t time.Time) string {
	name := t.In(s.zone).Format("MST")
	if !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
		return name
	}
	_, offset := t.In(s.zone).Zone()
	hours, minutes := offset/3600, offset/60%60
	if minutes == 0 {
		return fmt.Sprintf("UTC%+d", hours)
	}
	return fmt.Sprintf("UTC%+d:%02d", hours, max(minutes, -minutes))
}

// Moment writes a moment completely: "Thursday 26 November 2026, 18:00 CET".
func (s *Speaker) Moment(t time.Time) string {
	between := ", "
	if s.language == "sl" {
		between = " ob "
	}
	return s.Day(t) + between + s.Clock(t) + " " + s.ZoneName(t)
}

// Relative tells how far a moment is from now: "in 40 minutes", "2 days ago", "čez 2 uri".
func (s *Speaker) Relative(t time.Time) string {
	distance := t.Sub(s.now)
	past := distance < 0
	distance = distance.Abs()
	count, unit := int((distance+30*time.Second)/time.Minute), minute
	switch {
	case distance < 30*time.Second:
		return nowIn(s.language)
	case distance >= 36*time.Hour:
		count, unit = int((distance+12*time.Hour)/(24*time.Hour)), day
	case distance >= 90*time.Minute:
		count, unit = int((distance+30*time.Minute)/time.Hour), hour
	}
	if s.language == "sl" {
		return relativeSlovenian(count, unit, past)
	}
	return relativeEnglish(count, unit, past)
}

type unit int

const (
	minute unit = iota
	hour
	day
)

func nowIn(lang string) string {
	if lang == "sl" {
		return "zdaj"
	}
	return "now"
}

func relativeEnglish(count int, u unit, past bool) string {
	word := [...]string{minute: "minute", hour: "hour", day: "day"}[u]
	if count != 1 {
		word += "s"
	}
	if past {
		return strconv.Itoa(count) + " " + word + " ago"
	}
	return "in " + strconv.Itoa(count) + " " + word
}

// relativeSlovenian: čez takes the accusative, pred the instrumental; both have four numbers (1, 2, 3-4, 5+ by the last two digits).
func relativeSlovenian(count int, u unit, past bool) string {
	future := [...][4]string{
		minute: {"minuto", "minuti", "minute", "minut"},
		hour:   {"uro", "uri", "ure", "ur"},
		day:    {"dan", "dneva", "dni", "dni"},
	}
	before := [...][4]string{
		minute: {"minuto", "minutama", "minutami", "minutami"},
		hour:   {"uro", "urama", "urami", "urami"},
		day:    {"dnevom", "dnevoma", "dnevi", "dnevi"},
	}
	form := 3
	switch count % 100 {
	case 1:
		form = 0
	case 2:
		form = 1
	case 3, 4:
		form = 2
	}
	if past {
		return "pred " + strconv.Itoa(count) + " " + before[u][form]
	}
	return "čez " + strconv.Itoa(count) + " " + future[u][form]
}

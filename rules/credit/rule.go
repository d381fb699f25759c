package credit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Seconds is a length of time as it stands in rules and results.
type Seconds int64

// Duration converts to the type the standard library calculates with.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

func seconds(d time.Duration) Seconds { return Seconds(d / time.Second) }

// Earliest is how long before its time a webinar may begin: of an hour, who comes on time has then missed a fifth, which a rule of
// 80 percent allows. A choice of ours.
const Earliest = 15 * time.Minute

// Award says what a person who passes gets.
type Award string

const (
	// AwardEvent gives everybody who passes the worth of the whole event, as chambers do that
	// accredit an event with a number of points.
	AwardEvent Award = "event"
	// AwardTime gives what the watched time is worth, never more than the event.
	AwardTime Award = "time"
)

// Rule is one version of the conditions for credit. It is frozen into the webinar when that
// goes live; a change afterwards is another version, never an edit.
type Rule struct {
	Version          int     `json:"version"`
	MinPercent       int     `json:"min_percent"`
	MinChecksPercent int     `json:"min_checks_percent"`
	ChecksPerHour    int     `json:"checks_per_hour"`
	CheckWindow      Seconds `json:"check_window"`
	ReconnectGrace   Seconds `json:"reconnect_grace"`
	// ReconnectPercent is the part of the creditable programme that forgiven gaps may make up in all, but always one
	// grace; zero: any. Else who connects for a second in every minute would be credited the whole evening.
	ReconnectPercent   int    `json:"reconnect_percent"`
	EvaluationRequired bool   `json:"evaluation_required"`
	QuizPassPercent    int    `json:"quiz_pass_percent"`
	Award              Award  `json:"award"`
	MinutesPerPoint    int    `json:"minutes_per_point"`
	CreditStep         Points `json:"credit_step"`
	DailyCap           Points `json:"daily_cap"`
}

// Default is the rule a new installation starts with.
func Default() Rule {
	return Rule{
		Version:            1,
		MinPercent:         80,
		MinChecksPercent:   75,
		ChecksPerHour:      3,
		CheckWindow:        75,
		ReconnectGrace:     60,
		ReconnectPercent:   10,
		EvaluationRequired: true,
		QuizPassPercent:    70,
		Award:              AwardEvent,
		MinutesPerPoint:    60,
		CreditStep:         Point / 2,
		DailyCap:           8 * Point,
	}
}

// ParseRule reads a rule; what is left out has its default, what is unknown or out of
// bounds is an error, because a misspelt condition would silently not apply.
func ParseRule(data []byte) (Rule, error) {
	r := Default()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Rule{}, fmt.Errorf("parse rule: %w", err)
	}
	if faults := r.Faults(); len(faults) > 0 {
		return Rule{}, fmt.Errorf("parse rule: %w", faults[0])
	}
	return r, nil
}

// Fault is one field of a rule that is out of its bounds. Field is its JSON name, so that a
// form can put the sentence beside it.
type Fault struct {
	Field    string
	Min, Max int64
}

func (f Fault) Error() string {
	return fmt.Sprintf("%s: want %d to %d", f.Field, f.Min, f.Max)
}

// Faults lists what is out of bounds, in the order of the fields; bounds of points are in
// hundredths. An unknown award is reported with empty bounds.
func (r Rule) Faults() []Fault {
	var faults []Fault
	within := func(field string, value, low, high int64) {
		if value < low || value > high {
			faults = append(faults, Fault{Field: field, Min: low, Max: high})
		}
	}
	within("version", int64(r.Version), 1, 1_000_000)
	within("min_percent", int64(r.MinPercent), 1, 100)
	within("min_checks_percent", int64(r.MinChecksPercent), 0, 100)
	within("checks_per_hour", int64(r.ChecksPerHour), 0, 12)
	within("check_window", int64(r.CheckWindow), 10, 600)
	within("reconnect_grace", int64(r.ReconnectGrace), 0, 600)
	within("reconnect_percent", int64(r.ReconnectPercent), 0, 100)
	within("quiz_pass_percent", int64(r.QuizPassPercent), 0, 100)
	if r.Award != AwardEvent && r.Award != AwardTime {
		faults = append(faults, Fault{Field: "award"})
	}
	within("minutes_per_point", int64(r.MinutesPerPoint), 1, 600)
	within("credit_step", int64(r.CreditStep), 1, int64(Point))
	within("daily_cap", int64(r.DailyCap), 0, int64(100*Point))
	return faults
}

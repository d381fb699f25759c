package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/simulation"
)

type simulateCommand struct {
	Webinar simulateWebinarCommand `cmd:"" help:"Play a webinar with simulated viewers against a credit rule, and show who would pass and why not."`
}

type simulateWebinarCommand struct {
	Viewers  int            `help:"How many viewers there are, at most 1000." default:"1000" env:"-"`
	Minutes  int            `help:"How long the webinar is, at most 480." default:"60" env:"-"`
	Rule     string         `help:"File with a rule as JSON, as the report of --json has it; what it leaves out is as in the default." default:"default" env:"-"`
	Seed     uint64         `help:"From which the viewers are invented; the same seed gives the same people." default:"1" env:"-"`
	Share    map[string]int `help:"Shares of behaviours, such as late=30;cheats=5; none given: those of an ordinary evening. There are ${behaviours}." env:"-"`
	Segment  []string       `help:"Part of the programme that is not creditable, such as break:30m+5m, sponsor:50m+5m or lobby:0m+3m; none for no part; left out: a break in the middle." placeholder:"KIND:AFTER+LENGTH" env:"-"`
	Incident string         `help:"An outage of the room, such as 10m+3m: after ten minutes, for three." placeholder:"AFTER+LENGTH" env:"-"`
	JSON     bool           `help:"Print the report as JSON." env:"-"`
}

// Run implements the command.
func (c simulateWebinarCommand) Run(out io.Writer) error {
	s := simulation.Setup{Viewers: c.Viewers, Minutes: c.Minutes, Seed: c.Seed, Shares: simulation.DefaultShares()}
	if len(c.Share) > 0 {
		s.Shares = simulation.Shares{}
		for name, share := range c.Share {
			s.Shares[simulation.Behaviour(name)] = share
		}
	}
	var err error
	if s.Rule, err = readRule(c.Rule); err != nil {
		return err
	}
	if s.Outage, err = parseOutage(c.Incident); err != nil {
		return err
	}
	if s.Segments, err = parseSegments(c.Segment, c.Minutes); err != nil {
		return err
	}
	if faults := s.Faults(); len(faults) > 0 {
		return told(faults[0])
	}
	report, err := simulation.Run(context.Background(), s)
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return printReport(out, report)
}

func parseSegments(texts []string, minutes int) ([]simulation.Segment, error) {
	switch {
	case len(texts) == 0:
		return simulation.DefaultSegments(minutes), nil
	case len(texts) == 1 && texts[0] == "none":
		return nil, nil
	}
	var all []simulation.Segment
	for _, text := range texts {
		kind, when, _ := strings.Cut(text, ":")
		after, length, ok := parseWhen(when)
		if !ok {
			return nil, fmt.Errorf("--segment %q: enter break, sponsor or lobby with whole minutes, such as break:30m+5m: after thirty minutes, for five", text)
		}
		all = append(all, simulation.Segment{Kind: credit.Kind(kind), After: after, Minutes: length})
	}
	return all, nil
}

func told(fault credit.Fault) error {
	if fault.Field == "shares" {
		return fmt.Errorf("--share: name behaviours, one of them with a share above 0; there are %s", behaviours())
	}
	if fault.Field == "segments" {
		return fmt.Errorf("--segment: a part is break, sponsor or lobby, and there are at most %d", simulation.MostSegments)
	}
	return fmt.Errorf("%s: enter a number from %d to %d", strings.ReplaceAll(fault.Field, "_", " "), fault.Min, fault.Max)
}

func behaviours() string {
	names := []string{string(simulation.Cheats)}
	for _, b := range simulation.Behaviours() {
		names = append(names, string(b))
	}
	return strings.Join(names, ", ")
}

func readRule(name string) (credit.Rule, error) {
	if name == "default" {
		return credit.Default(), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		var cause *os.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return credit.Rule{}, fmt.Errorf("the rule %s cannot be read: %w", name, err)
	}
	rule, err := credit.ParseRule(text)
	if err != nil {
		return credit.Rule{}, fmt.Errorf("%s is no rule: %w", name, err)
	}
	return rule, nil
}

func parseOutage(text string) (simulation.Outage, error) {
	if text == "" {
		return simulation.Outage{}, nil
	}
	after, length, ok := parseWhen(text)
	if !ok {
		return simulation.Outage{}, fmt.Errorf("--incident %q: enter whole minutes, such as 10m+3m: after ten minutes, for three", text)
	}
	return simulation.Outage{After: after, Minutes: length}, nil
}

// parseWhen reads whole minutes: after how many, and for how many.
func parseWhen(text string) (after, minutes int, ok bool) {
	begin, long, _ := strings.Cut(text, "+")
	from, wrong := time.ParseDuration(begin)
	length, wrongToo := time.ParseDuration(long)
	if errors.Join(wrong, wrongToo) != nil || from < 0 || length <= 0 || from%time.Minute != 0 || length%time.Minute != 0 {
		return 0, 0, false
	}
	return int(from / time.Minute), int(length / time.Minute), true
}

func printReport(out io.Writer, r simulation.Report) error {
	fmt.Fprintf(out, "%d viewers, %d minutes, seed %d. Rule: %d %% of the time, %d %% of %d checks an hour, %d s to answer, %d s to reconnect%s.\n",
		r.Viewers, r.Minutes, r.Seed, r.Rule.MinPercent, r.Rule.MinChecksPercent, r.Rule.ChecksPerHour, r.Rule.CheckWindow, r.Rule.ReconnectGrace, bound(r.Rule))
	for _, part := range r.Segments {
		fmt.Fprintf(out, "Not creditable: %s after %d minutes, for %d.\n", part.Kind, part.After, part.Minutes)
	}
	if r.Outage != nil {
		fmt.Fprintf(out, "An outage after %d minutes took %s from the programme; %s could be watched.\n", r.Outage.After, clock(r.LeftOut), clock(r.Creditable))
	}
	fmt.Fprintf(out, "%d of %d pass.\n\n", r.Passed, r.Viewers)

	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "BEHAVIOUR\tPEOPLE\tPASS\tCREDITED\tTRUE\tWHY NOT")
	cheating := false
	for _, g := range r.Groups {
		if g.Cheat && !cheating {
			cheating = true
			fmt.Fprintln(t, "\t\t\t\t\t")
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\n", strings.ReplaceAll(string(g.Behaviour), "_", " "), g.People, g.Passed, clock(g.Credited), clock(g.Truth), why(g))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nTimes are minutes and seconds of the average viewer; true is when the webinar really played.")
	for _, g := range r.Groups {
		name := strings.ReplaceAll(string(g.Behaviour), "_", " ")
		if g.Excess > 0 {
			fmt.Fprintf(out, "Beware, %s: %s were credited in which nothing played, because reconnecting within %d s is forgiven%s.\n", name, clock(g.Excess), r.Rule.ReconnectGrace, bound(r.Rule))
		}
		if g.Unasked > 0 {
			fmt.Fprintf(out, "Beware, %s: %d passed without having answered a check, because a check that never arrives is void.\n", name, g.Unasked)
		}
	}
	return nil
}

// bound says how much of the programme lost connections may make up.
func bound(r credit.Rule) string {
	if r.ReconnectPercent == 0 {
		return ", without end"
	}
	return fmt.Sprintf(", %d %% of the programme in all", r.ReconnectPercent)
}

func why(g simulation.Group) string {
	var parts []string
	for _, w := range g.Reasons {
		switch w.Code {
		case credit.Minutes, credit.Checks:
			parts = append(parts, fmt.Sprintf("%d: %d of %d %s", w.People, w.Have, w.Need, w.Code))
		default:
			parts = append(parts, fmt.Sprintf("%d: %s", w.People, w.Code))
		}
	}
	for _, refusal := range slices.Sorted(maps.Keys(g.Refused)) {
		parts = append(parts, fmt.Sprintf("%d heartbeats refused: %s", g.Refused[refusal], strings.ReplaceAll(string(refusal), "_", " ")))
	}
	return strings.Join(parts, "; ")
}

func clock(s credit.Seconds) string { return fmt.Sprintf("%d:%02d", s/60, s%60) }

// Package patient notices what may tell who a patient is: a date of birth, the number of a record or an insurance, a name.
//
// It is a hint and never a gate. A doctor who writes of a case knows better than a pattern what can be recognised, and a rule that
// refused would be walked around; one that asks while there is time to change the text is read. So the patterns are few and plain,
// and the same for the page while somebody types and for the server when it arrives: both read patterns.json, written in the part
// of regular expressions that Go and browsers share.
package patient

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sync"
)

// Kind is what was noticed.
type Kind string

// The kinds, in the order in which they are told.
const (
	Date   Kind = "date"
	Number Kind = "number"
	Name   Kind = "name"
)

//go:embed patterns.json
var source []byte

type pattern struct {
	kind Kind
	text *regexp.Regexp
}

//nolint:gochecknoglobals // Compiled once from a file that is part of the program; nothing changes it.
var patterns = sync.OnceValue(func() []pattern {
	all, err := parse(source)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return all
})

func parse(data []byte) ([]pattern, error) {
	var lines []struct {
		Kind    Kind   `json:"kind"`
		Pattern string `json:"pattern"`
	}
	if err := json.Unmarshal(data, &lines); err != nil {
		return nil, fmt.Errorf("read patterns: %w", err)
	}
	var all []pattern
	for _, line := range lines {
		text, err := regexp.Compile(line.Pattern)
		if err != nil {
			return nil, fmt.Errorf("read patterns: %w", err)
		}
		all = append(all, pattern{line.Kind, text})
	}
	return all, nil
}

// Notice tells which kinds a text may contain, each once.
func Notice(text string) []Kind {
	var found []Kind
	for _, p := range patterns() {
		if !slices.Contains(found, p.kind) && p.text.MatchString(text) {
			found = append(found, p.kind)
		}
	}
	return found
}

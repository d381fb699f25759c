package credit

import (
	"maps"
	"slices"
)

// Told is a check with what became of it.
type Told struct {
	Check
	Fate Fate
}

// Fates tells what became of each check, by its number; the same decision that [Evaluate] counts.
func Fates(e Evidence) []Told {
	creditable := measure(e, settled{}).creditable
	checks := oneEach(e.Checks, e.At)
	all := make([]Told, 0, len(checks))
	for _, number := range slices.Sorted(maps.Keys(checks)) {
		c := checks[number]
		all = append(all, Told{c, c.fate(e.Rule.CheckWindow.Duration(), exact(e.At), creditable)})
	}
	return all
}

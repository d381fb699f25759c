package plan

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed examples.json
var examples []byte

// Examples are plans to begin with: figures as chambers publish them, each with its source and
// with a note to check it first. They are data like any other plan; nothing refers to them.
func Examples() ([]Plan, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(examples, &raw); err != nil {
		return nil, fmt.Errorf("read example plans: %w", err)
	}
	plans := make([]Plan, 0, len(raw))
	for _, one := range raw {
		p, err := Parse(one)
		if err != nil {
			return nil, fmt.Errorf("read example plans: %w", err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}

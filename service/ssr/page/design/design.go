// Package design is the page that shows every part in all its states: the design system. Who adds a
// part adds it here; the browser tests check this page for contrast and names in both themes.
package design

import (
	"time"

	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// View is what the page needs: a form as it comes, one with mistakes, and the moment.
type View struct {
	Empty form.Form
	Wrong form.Form
	Now   time.Time
}

// colour is a swatch: a class for its ground and its text.
type colour struct{ name, class string }

func colours() []colour {
	return []colour{
		{"ground", "bg-base-200 text-base-content"},
		{"card", "bg-base-100 text-base-content"},
		{"line", "bg-base-300 text-base-content"},
		{"primary", "bg-primary text-primary-content"},
		{"needs you", "bg-warning text-warning-content"},
		{"error, live", "bg-error text-error-content"},
		{"good", "bg-success text-success-content"},
		{"info", "bg-info text-info-content"},
		{"ink", "bg-neutral text-neutral-content"},
	}
}

func specialities() []part.Option {
	return []part.Option{{Value: "", Label: "…"}, {Value: "cardiology", Label: "Cardiology"}, {Value: "neurology", Label: "Neurology"}}
}

func minutes() part.Chart {
	return part.Chart{
		ID: "minutes", Title: "Viewers by minute", Description: "Most viewers stay until the questions begin at minute 50.", LabelsTitle: "Minute",
		Labels: []string{"0", "10", "20", "30", "40", "50", "60"},
		Series: []part.Series{
			{Name: "In the room", Values: []float64{84, 131, 142, 140, 137, 118, 92}},
			{Name: "Answered the check", Values: []float64{80, 120, 133, 131, 126, 104, 81}},
		},
	}
}

func points() part.Chart {
	return part.Chart{
		ID: "points", Title: "Points by year", Description: "The last two years were above the yearly average that the plan needs.", LabelsTitle: "Year",
		Labels: []string{"2022", "2023", "2024", "2025", "2026"}, Series: []part.Series{{Name: "Points", Values: []float64{6, 9.5, 11, 14, 12.5}}},
	}
}

const prose = `<h2>Findings</h2><p>Text is set in lines of 60 to 75 characters, because that is what is read with least effort.
A reference looks like this <sup><a href="#r1">1</a></sup>, and <em>emphasis</em> like this.</p>
<ul><li>Short sentences.</li><li>Numbers before adjectives.</li></ul>
<blockquote><p>Times always have a weekday and a zone.</p></blockquote>
<table><thead><tr><th>Dose</th><th>Interval</th></tr></thead><tbody><tr><td>5 mg</td><td>12 h</td></tr></tbody></table>
<pre tabindex="0"><code>GET /articles/{slug}</code></pre><p id="r1">1. The first reference.</p>`

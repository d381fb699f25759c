package part

import (
	"math"
	"strconv"
	"strings"
)

// Series is one line, or one set of bars, over the labels of its chart.
// A value that is not a number is one that may not be shown: the line has a gap there, the table a dash.
type Series struct {
	Name   string
	Values []float64
}

// Chart is what a chart shows. Title and Description are read to those who do not see it, and the
// figures stand in a table below it.
type Chart struct {
	ID          string // unique on the page
	Title       string
	Description string // what one learns from it, in a sentence
	LabelsTitle string // what the labels are, such as "Minute"
	Labels      []string
	Series      []Series
}

// The drawing board, in units of the SVG. Text on it is 13 px at full width.
const (
	chartWidth  = 640.0
	chartHeight = 260.0
	chartLeft   = 48.0
	chartBottom = 32.0
	chartTop    = 16.0
)

// top is the end of the axis: a round number at or above the largest value.
func (c Chart) top() float64 {
	largest := 0.0
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v > largest { // not true of what is not a number
				largest = v
			}
		}
	}
	if largest <= 0 {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(largest)))
	for _, f := range []float64{1, 2, 4, 5, 10} {
		if f*step >= largest {
			return f * step
		}
	}
	return 10 * step
}

// tick is a line of the grid with its number.
type tick struct{ y, label string }

func (c Chart) ticks() []tick {
	var all []tick
	for i := range 5 {
		v := c.top() * float64(i) / 4
		all = append(all, tick{coordinate(c.y(v)), strconv.FormatFloat(v, 'g', 4, 64)})
	}
	return all
}

// marks are the labels below the axis; of many only some are written, so that none covers another.
func (c Chart) marks() []tick {
	every := len(c.Labels)/9 + 1
	var all []tick
	for i, label := range c.Labels {
		if i%every == 0 {
			all = append(all, tick{coordinate(c.x(i)), label})
		}
	}
	return all
}

func (c Chart) y(v float64) float64 {
	return chartTop + (chartHeight-chartTop-chartBottom)*(1-v/c.top())
}

// x is the middle of the i-th column.
func (c Chart) x(i int) float64 { return chartLeft + c.column()*(float64(i)+0.5) }

func (c Chart) column() float64 {
	return (chartWidth - chartLeft) / float64(max(1, len(c.Labels)))
}

func (c Chart) path(s Series) string {
	var b strings.Builder
	begins := true
	for i, v := range s.Values {
		if math.IsNaN(v) {
			begins = true
			continue
		}
		b.WriteString(map[bool]string{true: "M", false: "L"}[begins] + coordinate(c.x(i)) + " " + coordinate(c.y(v)))
		begins = false
	}
	return b.String()
}

// bar is a rectangle of a bar chart.
type bar struct{ x, y, width, height string }

func (c Chart) bars(series int) []bar {
	width := c.column() * 0.7 / float64(len(c.Series))
	var all []bar
	for i, v := range c.Series[series].Values {
		left := c.x(i) - c.column()*0.35 + width*float64(series)
		all = append(all, bar{coordinate(left), coordinate(c.y(v)), coordinate(width), coordinate(chartHeight - chartBottom - c.y(v))})
	}
	return all
}

// value is the figure of a series at a label; empty where the series is shorter.
func (s Series) value(i int) string {
	if i >= len(s.Values) {
		return ""
	}
	if math.IsNaN(s.Values[i]) {
		return "–"
	}
	return strconv.FormatFloat(s.Values[i], 'f', -1, 64)
}

func class(i int) string { return "s" + strconv.Itoa(i%3+1) }

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

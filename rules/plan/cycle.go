package plan

// maxCycles bounds the walk from an anchor that is wrong by centuries.
const maxCycles = 200

// cycles lists the cycles from the anchor to the one that contains the day. A day before the
// anchor belongs to the first: what was earned before a licence does not count for it.
func (p Plan) cycles(anchor Date, pauses []Period, day Date) []Period {
	if p.Years == FromCalendar {
		anchor = Date{Year: anchor.Year, Month: 1, Day: 1}
	}
	var cycles []Period
	from, years := anchor, 0
	for {
		end := anchor.AddYears(years + p.CycleYears)
		moved := p.extend(Period{From: from, To: end}, pauses)
		cycles = append(cycles, moved)
		if day.Before(moved.To) || len(cycles) == maxCycles {
			return cycles
		}
		if moved.To == end {
			years += p.CycleYears
		} else { // the pause moved the anniversary itself
			anchor, years = moved.To, 0
		}
		from = moved.To
	}
}

// extend moves the end of a cycle by the days paused in it. The days it gains may be paused
// too, so it looks again until nothing is added; as a pause ends, so does the loop.
func (p Plan) extend(cycle Period, pauses []Period) Period {
	if !p.Pauses {
		return cycle
	}
	planned := cycle.To
	for {
		to := planned.AddDays(paused(cycle, pauses))
		if to == cycle.To {
			return cycle
		}
		cycle.To = to
	}
}

// paused counts the days of a period on which the licence slept; overlapping pauses once.
func paused(in Period, pauses []Period) int {
	days := 0
	from := in.From
	for _, p := range sorted(pauses) {
		part := p.clip(Period{From: from, To: in.To})
		if part.Days() > 0 {
			days += part.Days()
			from = part.To
		}
	}
	return days
}

// years cuts a cycle into its years, the last one cut off where the cycle ends. A pause of a
// calendar plan can move a cycle off 1 January; its years still turn with the calendar.
func (p Plan) years(cycle Period) []Period {
	var years []Period
	for from, n := cycle.From, 1; from.Before(cycle.To); n++ {
		to := cycle.From.AddYears(n)
		if p.Years == FromCalendar {
			to = Date{Year: from.Year + 1, Month: 1, Day: 1}
		}
		if cycle.To.Before(to) {
			to = cycle.To
		}
		years = append(years, Period{From: from, To: to})
		from = to
	}
	return years
}

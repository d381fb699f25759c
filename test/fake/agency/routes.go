package agency

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	bodyLimit = 64 << 10
	pageLimit = 500
)

func (a *Agency) putEvent(w http.ResponseWriter, r *http.Request) {
	number := r.PathValue("event")
	var e Event
	if !read(w, r, &e) {
		return
	}
	if why := a.wrongEvent(number, e); why != "" {
		refuse(w, http.StatusUnprocessableEntity, "event_data", why)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known := a.events[number]; known != nil && a.state(known) != "open" {
		refuse(w, http.StatusNotAcceptable, "event_"+a.state(known), known.Reason)
		return
	}
	e.Event, e.State, e.Reason, e.Reference = number, "open", "", reference("E", number)
	a.events[number] = &e
	write(w, http.StatusOK, e)
}

func (a *Agency) wrongEvent(number string, e Event) string {
	switch _, err := time.Parse(time.DateOnly, e.HeldOn); {
	case !numbered(number, 19):
		return "this is no event number; one of 19 digits ends with a check digit"
	case strings.TrimSpace(e.Title) == "" || err != nil:
		return "a title and the day it was held on are needed"
	case !points(e.Points, a.o.MaxPoints) || e.Points == 0:
		return "points must be more than 0, in steps of 0.05, and not more than an event may have"
	case e.Viewers < 0:
		return "the number of viewers cannot be negative"
	}
	return ""
}

func (a *Agency) getEvent(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.events[r.PathValue("event")]
	if e == nil {
		refuse(w, http.StatusNotFound, "event_unknown", "there is no such event")
		return
	}
	now := *e
	now.State = a.state(e)
	write(w, http.StatusOK, now)
}

func (a *Agency) putLine(w http.ResponseWriter, r *http.Request) {
	event, doctor := r.PathValue("event"), r.PathValue("doctor")
	var l Line
	if !read(w, r, &l) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.events[event]
	if e == nil {
		refuse(w, http.StatusNotAcceptable, "event_unknown", "there is no such event")
		return
	}
	if state := a.state(e); state != "open" {
		refuse(w, http.StatusNotAcceptable, "event_"+state, e.Reason)
		return
	}
	if !numbered(doctor, 15) {
		refuse(w, http.StatusUnprocessableEntity, "doctor_number", "this is no doctor number; one of 15 digits ends with a check digit")
		return
	}
	if !points(l.Points, e.Points) || !l.Attended && l.Points != 0 {
		refuse(w, http.StatusUnprocessableEntity, "points", "points are between 0 and those of the event, and 0 for who did not attend")
		return
	}
	write(w, http.StatusOK, a.keep(event, doctor, l))
}

// keep records a line once; the same content again changes nothing. The caller holds the lock.
func (a *Agency) keep(event, doctor string, l Line) Line {
	if a.lines[event] == nil {
		a.lines[event] = map[string]Line{}
	}
	known, again := a.lines[event][doctor]
	if again && known.Attended == l.Attended && known.Points == l.Points {
		return known
	}
	l.Event, l.Doctor, l.Reference = event, doctor, reference("L", event, doctor)
	l.Version, l.RecordedAt = known.Version+1, a.o.Now().UTC()
	a.lines[event][doctor] = l
	return l
}

func (a *Agency) getLines(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > pageLimit {
		limit = pageLimit
	}
	page := struct {
		Lines []Line `json:"lines"`
		Next  string `json:"next,omitempty"`
	}{Lines: []Line{}}
	for _, l := range a.Lines(r.PathValue("event")) {
		if l.Doctor <= r.URL.Query().Get("after") {
			continue
		}
		if len(page.Lines) == limit {
			page.Next = page.Lines[limit-1].Doctor
			break
		}
		page.Lines = append(page.Lines, l)
	}
	write(w, http.StatusOK, page)
}

// state is the stored one, unless the days for reports are over. The caller holds the lock.
func (a *Agency) state(e *Event) string {
	held, err := time.Parse(time.DateOnly, e.HeldOn)
	if e.State == "open" && a.o.Days > 0 && err == nil && a.o.Now().After(held.AddDate(0, 0, a.o.Days+1)) {
		e.State, e.Reason = "closed", "the time for reports is over"
	}
	return e.State
}

// numbered holds a number to letters, digits and dashes; one of checked digits must pass Luhn, as the German ones do.
func numbered(s string, checked int) bool {
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-':
		default:
			return false
		}
	}
	return len(s) >= 3 && len(s) <= 64 && digits > 0 && (digits != len(s) || len(s) != checked || luhn(s))
}

func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// points are steps of 0.05 up to a limit: fine enough for 0.1 a question and for quarters of an hour.
func points(p, limit float64) bool {
	steps := p * 20
	return p >= 0 && p <= limit && math.Abs(steps-math.Round(steps)) < 1e-6
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err := d.Decode(into); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "json", "the body is not the JSON that is expected here")
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	write(w, status, map[string]string{"code": code, "message": message})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has left: nobody to tell
}

// seconds rounds up, so that who waits that long is let in.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

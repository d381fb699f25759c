package ssr

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/page/analyst"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// few stands in a file where a number is withheld.
const few = "fewer than 10"

// analystPage shows the figures; each part is asked for on its own and may be missing alone.
func (s *server) analystPage(w http.ResponseWriter, r *http.Request) error {
	v := analyst.View{Choice: s.choice(r), URL: reader.From(r.Context()).URL}
	overview, err := s.overview(r, v.Choice)
	if err := present(err); err != nil {
		return err
	}
	attendance, err := s.attendance(r, v.Choice)
	if err := present(err); err != nil {
		return err
	}
	v.Overview, v.Attendance = overview, attendance
	if v.Choice.Webinar == "" {
		v.Choice.Webinar = latest(attendance)
	}
	if v.Choice.Webinar != "" {
		dropOff, err := s.analytics.DropOff(r.Context(), &bffpb.DropOffRequest{WebinarId: v.Choice.Webinar})
		if err := present(err); err != nil {
			return err
		}
		v.DropOff = dropOff // nil while that part is missing
	}
	return s.show(w, r, http.StatusOK, analyst.Page(v))
}

// present lets a peer be down: that is a missing part, and no error of the page.
func present(err error) error {
	if errs.KindOf(err) == errs.Unavailable {
		return nil
	}
	return err
}

// latest is the last webinar that has figures to show.
func latest(a *bffpb.AttendanceResponse) string {
	for _, w := range a.GetWebinars() {
		if !w.GetSuppressed() {
			return w.GetWebinarId()
		}
	}
	return ""
}

// choice reads the filters; what makes no sense becomes the usual.
func (s *server) choice(r *http.Request) analyst.Choice {
	q := r.URL.Query()
	c := analyst.Choice{Days: q.Get("days"), Step: q.Get("step"), Webinar: q.Get("webinar")}
	if !slices.Contains(analyst.Periods(), c.Days) {
		c.Days = "30"
	}
	days, _ := strconv.Atoi(c.Days) //nolint:errcheck // One of the periods.
	if c.Step != "hour" || days > analyst.Hourly {
		c.Step = "day"
	}
	now := s.now().In(i18n.From(r.Context()).Zone())
	c.From = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()).AddDate(0, 0, 1-days)
	c.To = now.Add(time.Minute)
	return c
}

func (s *server) overview(r *http.Request, c analyst.Choice) (*bffpb.OverviewResponse, error) {
	answer, err := s.analytics.Overview(r.Context(), &bffpb.OverviewRequest{
		From: timestamppb.New(c.From), To: timestamppb.New(c.To), Step: c.Step, Zone: i18n.From(r.Context()).Zone().String(),
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (s *server) attendance(r *http.Request, c analyst.Choice) (*bffpb.AttendanceResponse, error) {
	answer, err := s.analytics.Attendance(r.Context(), &bffpb.AttendanceRequest{From: timestamppb.New(c.From), To: timestamppb.New(c.To)})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (s *server) activityCSV(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.overview(r, s.choice(r))
	if err != nil {
		return err
	}
	rows := [][]string{{"at", "kind", "count"}}
	for _, p := range answer.GetPoints() {
		rows = append(rows, []string{p.GetAt().AsTime().Format(time.RFC3339), p.GetKind(), strconv.FormatInt(p.GetCount(), 10)})
	}
	return sendCSV(w, "activity", rows)
}

func (s *server) attendanceCSV(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.attendance(r, s.choice(r))
	if err != nil {
		return err
	}
	rows := [][]string{{"webinar_id", "title", "starts_at", "people", "minutes", "checks_answered", "checks_missed", "messages"}}
	for _, a := range answer.GetWebinars() {
		row := []string{a.GetWebinarId(), a.GetTitle(), a.GetStartsAt().AsTime().Format(time.RFC3339)}
		if a.GetSuppressed() {
			rows = append(rows, append(row, few, "", "", "", ""))
			continue
		}
		for _, n := range []int64{int64(a.GetPeople()), a.GetMinutes(), int64(a.GetChecksAnswered()), int64(a.GetChecksMissed()), int64(a.GetMessages())} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	return sendCSV(w, "attendance", rows)
}

func (s *server) leavingCSV(w http.ResponseWriter, r *http.Request) error {
	answer, err := s.analytics.DropOff(r.Context(), &bffpb.DropOffRequest{WebinarId: s.choice(r).Webinar})
	if err != nil {
		return err
	}
	rows := [][]string{{"minute", "people"}}
	if answer.GetSuppressed() {
		rows = append(rows, []string{"", few})
	}
	for _, m := range answer.GetMinutes() {
		people := strconv.Itoa(int(m.GetPeople()))
		if m.GetSuppressed() {
			people = few
		}
		rows = append(rows, []string{strconv.Itoa(int(m.GetMinute())), people})
	}
	return sendCSV(w, "leaving", rows)
}

// sendCSV answers a file for a spreadsheet, which would run a cell that looks like a formula: such a cell gets an apostrophe.
func sendCSV(w http.ResponseWriter, name string, rows [][]string) error {
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
	}
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="rounds-`+name+`.csv"`)
	w.Header().Set("Cache-Control", "private, no-store")
	_, err := w.Write([]byte(b.String()))
	return err
}

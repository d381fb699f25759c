package ssr

import (
	"encoding/csv"
	"mime"
	"net/http"
	"strconv"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/personal"
	"github.com/rounds-cme/rounds/service/ssr/page/points"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

// personal is the page of one's own; the BFF joins it, and leaves out what cannot be asked.
func (s *server) personal(w http.ResponseWriter, r *http.Request) error {
	page, err := s.points.Personal(r.Context(), &bffpb.PointsPersonalRequest{})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, personal.Page(personal.View{Page: page, Support: s.support}))
}

func (s *server) webinarPoints(w http.ResponseWriter, r *http.Request) error {
	return s.showPoints(w, r, form.New(s.newID()))
}

func (s *server) showPoints(w http.ResponseWriter, r *http.Request, f form.Form) error {
	after := r.URL.Query().Get("after")
	page, err := s.points.Webinar(r.Context(), &bffpb.PointsWebinarRequest{Slug: r.PathValue("slug"), PageToken: after})
	if err != nil {
		return err
	}
	return s.show(w, r, f.Status(), points.Page(points.View{Webinar: page, First: after == "", Form: f}))
}

// requestPoints asks with the numbers whether it is meant so, then requests.
func (s *server) requestPoints(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	if !f.Checked("sure") {
		return s.surePoints(w, r, f, "request", "webinar_id", "viewers", "qualified", "hundredths")
	}
	_, err = s.points.Request(r.Context(), &bffpb.PointsRequestRequest{
		RequestId: f.Key.String(), WebinarId: f.Get("webinar_id"), Viewers: count(f, "viewers"), Qualified: count(f, "qualified"),
		Hundredths: count(f, "hundredths"),
	})
	return s.pointsDone(w, r, f, "points.requested_done", err)
}

// answerPoints asks with the numbers whether it is meant so, then records the answer.
func (s *server) answerPoints(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	decision := f.Get("decision")
	if decision != "accepted" && decision != "refused" {
		return s.showPoints(w, r, f.Fail(errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
			Field("decision", "points.decision", "Choose what the agency answered.")))
	}
	if !f.Checked("sure") {
		return s.surePoints(w, r, f, decision, "id", "decision", "day", "reference", "answer")
	}
	_, err = s.points.Answer(r.Context(), &bffpb.PointsAnswerRequest{
		RequestId: f.Key.String(), Id: f.Get("id"), Accepted: decision == "accepted", Day: f.Get("day"), Reference: f.Get("reference"),
		Answer: f.Get("answer"),
	})
	return s.pointsDone(w, r, f, "points.answered_done", err)
}

func (s *server) surePoints(w http.ResponseWriter, r *http.Request, f form.Form, action string, keep ...string) error {
	page, err := s.points.Webinar(r.Context(), &bffpb.PointsWebinarRequest{Slug: r.PathValue("slug"), PageSize: 1})
	if err != nil {
		return err
	}
	values := map[string]string{"sure": "yes"}
	for _, name := range keep {
		values[name] = f.Get(name)
	}
	return s.show(w, r, http.StatusOK, points.Sure(points.View{Webinar: page, Form: f}, action, values))
}

func (s *server) pointsDone(w http.ResponseWriter, r *http.Request, f form.Form, notice i18n.Key, err error) error {
	if err != nil && refused(err) {
		f.Key = s.newID() // what was refused did nothing; the next try is another wish
		return s.showPoints(w, r, f.Fail(err))
	}
	if err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: notice})
	return web.Redirect(w, r, "/backoffice/webinars/"+r.PathValue("slug")+"/points", "/backoffice")
}

// count reads a whole number; what is none is -1, which no field takes, so that data management refuses it beside its field.
func count(f form.Form, name string) int32 {
	n, ok := f.Whole(name)
	if !ok {
		return -1
	}
	return n
}

// pointsCSV is the whole list as a file for the portal of an agency: a line for each person, and behind them one for each correction, as
// the ledger has them.
func (s *server) pointsCSV(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	in := &bffpb.PointsWebinarRequest{Slug: slug, PageSize: 100}
	page, err := s.points.Webinar(r.Context(), in)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "points-" + slug + ".csv"}))
	w.Header().Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	rows := [][]string{{"licence_number", "name", "profession", "country", "minutes", "checks_answered", "checks_counted", "qualified", "points", "kind", "state"}}
	corrections, state := page.GetCorrections(), ""
	if all := page.GetRequests(); len(all) > 0 {
		state = all[0].GetState()
	}
	people := map[string]*bffpb.PointsResult{}
	for {
		for _, p := range page.GetResults() {
			people[p.GetAccountId()] = p
			rows = append(rows, append(csvRow(p), "webinar", state))
		}
		if in.PageToken = page.GetNextPageToken(); in.GetPageToken() == "" {
			return out.WriteAll(append(rows, correctionRows(corrections, people)...))
		}
		if page, err = s.points.Webinar(r.Context(), in); err != nil {
			return err
		}
	}
}

func csvRow(p *bffpb.PointsResult) []string {
	return []string{
		harmless(p.GetLicenceNumber()), harmless(p.GetName()), harmless(p.GetProfession()), p.GetCountry(),
		strconv.Itoa(int(p.GetSeconds() / 60)), strconv.Itoa(int(p.GetChecksAnswered())), strconv.Itoa(int(p.GetChecksCounted())),
		strconv.FormatBool(p.GetQualified()), credit.Points(p.GetHundredths()).String(),
	}
}

// correctionRows are what appeals gave, beside what the evidence said at first: its minutes and checks stand in the line of the webinar.
func correctionRows(corrections []*bffpb.PointsCorrection, people map[string]*bffpb.PointsResult) [][]string {
	var rows [][]string
	for _, c := range corrections {
		p := people[c.GetAccountId()]
		rows = append(rows, []string{
			harmless(p.GetLicenceNumber()), harmless(p.GetName()), harmless(p.GetProfession()), p.GetCountry(),
			"", "", "", "true", credit.Points(c.GetHundredths()).String(), "correction", c.GetState(),
		})
	}
	return rows
}

// harmless keeps a spreadsheet from taking what a person typed for a formula.
func harmless(text string) string {
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

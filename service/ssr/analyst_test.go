package ssr_test

import (
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr"
)

// figures answers for the bff: for each RPC what stands here, and for all others that it is not there.
type figures map[string]proto.Message

// Invoke implements grpc.ClientConnInterface.
func (f figures) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	answer, ok := f[method]
	if !ok {
		return errs.New(errs.Unavailable, "rpc.unavailable", "This part is not there.")
	}
	proto.Merge(reply.(proto.Message), answer)
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (figures) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errs.New(errs.Unavailable, "rpc.unavailable", "Nothing streams here.")
}

var now = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // A moment, never changed.

// analystSite serves the pages over these figures; get asks for one as somebody with the role.
func analystSite(t *testing.T, f figures) (get func(path, role string) (int, string)) {
	t.Helper()
	clock := func() time.Time { return now }
	keys := t.TempDir()
	if err := token.Ensure(keys, now); err != nil {
		t.Fatal(err)
	}
	alone := rpc.NewDialer("ssr", rpc.NewLocal(), nil).Dial
	s, err := ssr.New(&run.Deps{
		Name: "ssr", Now: clock, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tokens: token.NewVerifier(filepath.Join(keys, "jwks.json"), clock),
		Dial: func(name string) grpc.ClientConnInterface {
			if name == "bff" {
				return f
			}
			return alone(name)
		},
	}, ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(s.HTTP)
	t.Cleanup(site.Close)
	signer := token.NewSigner(keys, clock)
	return func(path, role string) (int, string) {
		signed, err := signer.Sign(token.Claims{
			Account: uuid.New(), Session: uuid.New(), Roles: []string{role}, Language: "en", Zone: "Europe/Ljubljana", Expires: now.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		return fetch(t, site.URL+path, signed)
	}
}

func fetch(t *testing.T, address, access string) (status int, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "rounds_access", Value: access})
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

var heart, small = uuid.NewString(), uuid.NewString() //nolint:gochecknoglobals // Two webinars, never changed.

func known() figures {
	at := timestamppb.New(now.Add(-24 * time.Hour))
	return figures{
		bffpb.Analytics_Overview_FullMethodName: &bffpb.OverviewResponse{Points: []*bffpb.OverviewResponse_Point{
			{At: timestamppb.New(time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC)), Kind: "article_read", Count: 4711},
			{At: timestamppb.New(time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)), Kind: "subscribed", Count: 40},
			{At: timestamppb.New(time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC)), Kind: "subscribed", Count: 3},
		}},
		bffpb.Analytics_Attendance_FullMethodName: &bffpb.AttendanceResponse{Webinars: []*bffpb.AttendedWebinar{
			{WebinarId: heart, Title: "=Heart failure", StartsAt: at, People: 31, Minutes: 930, ChecksAnswered: 9, ChecksMissed: 1, Messages: 44},
			{WebinarId: small, Title: "Small circle", StartsAt: at, Suppressed: true},
		}},
		bffpb.Analytics_DropOff_FullMethodName: &bffpb.DropOffResponse{People: 31, Minutes: []*bffpb.DropOffResponse_Minute{
			{Minute: 0, People: 31}, {Minute: 1, Suppressed: true}, {Minute: 2, People: 29},
		}},
	}
}

func TestAnalystPage(t *testing.T) {
	t.Parallel()
	get := analystSite(t, known())
	status, page := get("/analyst?days=7&step=hour", token.Analyst)
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, page)
	}
	for _, words := range []string{
		"What happened when?", "4711", `Began to follow something</dt><dd class="font-semibold break-words">43</dd>`, "=Heart failure", "90 %", "Fewer than ten people", "In minutes without a number",
		"When do people leave?", "How is this counted?", "/analyst/activity.csv?days=7&amp;step=hour", `value="7" selected`,
	} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if found := regexp.MustCompile(`[\w.+-]+@[\w-]+\.\w+`).FindString(page); found != "" {
		t.Errorf("an e-mail address is on the page: %s", found)
	}
	if strings.Contains(page, "NaN") {
		t.Error("what is withheld is drawn")
	}
	for role, want := range map[string]int{token.Member: http.StatusForbidden, token.Administrator: http.StatusOK} {
		if status, _ := get("/analyst", role); status != want {
			t.Errorf("%s: got %d, want %d", role, status, want)
		}
	}
}

// What the page is made from has no place for a person.
func TestAnalystSeesNoPerson(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"points", "at", "kind", "count", "webinars", "titles_missing", "webinar_id", "title", "starts_at", "suppressed", "people",
		"minutes", "minute", "checks_answered", "checks_missed", "messages",
	}
	var look func(m protoreflect.MessageDescriptor)
	look = func(m protoreflect.MessageDescriptor) {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			if !slices.Contains(allowed, string(f.Name())) {
				t.Errorf("%s is a new field: make sure that it tells of nobody, then allow it here", f.FullName())
			}
			if f.Message() != nil && f.Message().ParentFile() == m.ParentFile() {
				look(f.Message())
			}
		}
	}
	methods := bffpb.File_bff_v1_analytics_proto.Services().Get(0).Methods()
	for i := range methods.Len() {
		look(methods.Get(i).Output())
	}
}

func TestAnalystWithoutStatistics(t *testing.T) {
	t.Parallel()
	status, page := analystSite(t, figures{})("/analyst", token.Analyst)
	if n := strings.Count(page, "data-missing"); status != http.StatusOK || n != 3 {
		t.Errorf("%d with %d missing parts, want 200 with 3", status, n)
	}
}

func TestAnalystEmpty(t *testing.T) {
	t.Parallel()
	status, page := analystSite(t, figures{
		bffpb.Analytics_Overview_FullMethodName: &bffpb.OverviewResponse{}, bffpb.Analytics_Attendance_FullMethodName: &bffpb.AttendanceResponse{},
	})("/analyst", token.Analyst)
	if n := strings.Count(page, "data-empty"); status != http.StatusOK || n != 3 {
		t.Errorf("%d with %d empty parts, want 200 with 3", status, n)
	}
}

// Files begin with their columns, and no spreadsheet runs what is in them.
func TestAnalystCSV(t *testing.T) {
	t.Parallel()
	get := analystSite(t, known())
	for file, want := range map[string][]string{
		"activity":   {"at", "2026-11-25T23:00:00Z", "2026-11-25T22:00:00Z", "2026-11-25T23:00:00Z"},
		"attendance": {"webinar_id", heart, small},
		"leaving":    {"minute", "0", "1", "2"},
	} {
		_, body := get("/analyst/"+file+".csv?webinar="+heart, token.Analyst)
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var first []string
		for _, row := range rows {
			first = append(first, row[0])
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("%s: %q would be run", file, cell)
				}
			}
		}
		if !slices.Equal(first, want) {
			t.Errorf("%s begins its lines with %v, want %v", file, first, want)
		}
	}
	if status, _ := get("/analyst/attendance.csv", token.Member); status != http.StatusForbidden {
		t.Errorf("a member gets %d", status)
	}
}

package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
)

func lines(t *testing.T, b *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for dec := json.NewDecoder(b); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

func TestOneLinePerUnit(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := obs.NewLogger(&out, slog.LevelInfo)
	ctx, unit := obs.Start(t.Context(), log, "message", "notification.send")
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	obs.Event(ctx).Set("webinar", id).Set("tries", 1).Set("tries", 2)
	inner, step := obs.Start(ctx, log, "step", "open")
	step.End(errs.New(errs.NotFound, "room.missing", "No such room."))
	unit.End(nil)
	unit.End(errors.New("a second end"))
	all := lines(t, &out)
	if len(all) != 2 {
		t.Fatalf("%d lines", len(all))
	}
	if all[1]["webinar"] != id.String() || all[1]["tries"] != 2.0 || all[1]["outcome"] != "ok" || all[1]["msg"] != "message" {
		t.Errorf("got %v", all[1])
	}
	if all[0]["trace"] != all[1]["trace"] || all[0]["parent"] != all[1]["span"] || all[0]["outcome"] != "room.missing" {
		t.Errorf("got %v below %v", all[0], all[1])
	}
	if obs.Trace(inner) != obs.Trace(ctx) || obs.Trace(context.Background()) != "" {
		t.Error("trace in ctx")
	}
}

func TestNobodyWatching(t *testing.T) {
	t.Parallel()
	unit := obs.Event(t.Context())
	unit.Set("a", 1).Set("b", 2)
	unit.Name("x")
	unit.End(nil)
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for level, err := range map[string]error{
		"INFO": errs.New(errs.Invalid, "x", "y"), "WARN": errs.New(errs.Unavailable, "x", "y"), "ERROR": errors.New("x"),
	} {
		var out bytes.Buffer
		_, unit := obs.Start(t.Context(), obs.NewLogger(&out, slog.LevelInfo), "rpc", "m")
		unit.End(fmt.Errorf("wrapped: %w", err))
		if got := lines(t, &out)[0]["level"]; got != level {
			t.Errorf("%v logged as %v", err, got)
		}
	}
}

// markers are planted everywhere; none may be in the output.
func TestNoPersonalDataInTheLog(t *testing.T) {
	t.Parallel()
	const mail, jwt, pass = "ana.novak+x@klinika.example", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtYXJrZXIifQ.c2lnbWFya2Vy", "MARKERpass"
	var out bytes.Buffer
	log := obs.NewLogger(&out, slog.LevelDebug)
	ctx, unit := obs.Start(t.Context(), log, "http", "POST /register")
	type form struct{ Anything string }
	unit.Set("email", "MARKER1").Set("name", "MARKER0").Set("Password-Hash", "MARKER2").Set("access_token", "MARKER3").Set("licence_number", "MARKER4").
		Set("full_name", "MARKER5").Set("body", []byte("MARKER6")).Set("note", "write to "+mail+" now").
		Set("struct", form{"MARKER7"}).Set("pointer", &form{"MARKER8"}).Set("map", map[string]string{"k": "MARKER9"}).
		Set("list", []string{mail}).Set("header", "Bearer MARKERbearer").Set("escaped", "next=ana.novak%40klinika.example").
		Set("url", "postgres://rounds:"+pass+"@db/rounds?password=MARKERq").
		Set("link", "https://rounds.example/confirm?token=MARKERlink&x=1").Set("inner", errors.New(jwt)).
		Set("detail", "Key (lower(name))=(MARKER10) already exists.")
	log.InfoContext(ctx, "plain", "email", "MARKER11", "text", "MARKER12", slog.Group("g", "phone", "MARKER13", "why", mail))
	log.With("email", "MARKER14").WithGroup("h").Error("to "+mail, "err", fmt.Errorf("send to %s: %w", mail, errors.New(jwt)))
	unit.End(errs.Wrap(fmt.Errorf("mail to <%s> with %s", mail, jwt), errs.Internal, "x", "y"))
	for _, marker := range []string{"MARKER", "novak", "klinika", "c2lnbWFya2Vy", "eyJ"} {
		if strings.Contains(out.String(), marker) {
			t.Errorf("%q is in the log:\n%s", marker, out.String())
		}
	}
	if !strings.Contains(out.String(), obs.Redacted) || !strings.Contains(out.String(), "write to [email] now") {
		t.Errorf("too much is gone:\n%s", out.String())
	}
}

func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, unit := obs.Start(t.Context(), obs.NewLogger(&out, slog.LevelInfo), "http", "x")
	unit.Set("long", strings.Repeat("č", 1<<20)).End(nil)
	if out.Len() > 4<<10 {
		t.Errorf("%d bytes", out.Len())
	}
}

func TestConcurrentSet(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx, unit := obs.Start(t.Context(), obs.NewLogger(&out, slog.LevelInfo), "http", "x")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { obs.Event(ctx).Set(fmt.Sprint("k", i), i) })
	}
	wg.Wait()
	unit.End(nil)
	if got := lines(t, &out)[0]; got["k19"] != 19.0 {
		t.Errorf("got %v", got)
	}
}

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	if ctx := obs.WithTraceparent(t.Context(), good); obs.Traceparent(ctx) != good {
		t.Errorf("got %s", obs.Traceparent(ctx))
	}
	if ctx := obs.WithTraceparent(t.Context(), "01"+good[2:]+"-later"); obs.Trace(ctx) != good[3:35] {
		t.Error("a later version begins alike")
	}
	for _, bad := range []string{
		"", "00", good + "-x", "ff" + good[2:], strings.ToUpper(good), "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", strings.Repeat("a", 1000), "00-<script>alert(1)</script>-x-01", "\x00",
	} {
		ctx := obs.WithTraceparent(t.Context(), bad)
		if trace := obs.Trace(ctx); len(trace) != 32 || (bad != "" && strings.Contains(bad, trace)) {
			t.Errorf("%q gave %q", bad, trace)
		}
	}
}

func TestMetricsAreShared(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	obs.Counter(reg, "rounds_x_total", "X.", "a").WithLabelValues("1").Inc()
	obs.Counter(reg, "rounds_x_total", "X.", "a").WithLabelValues("1").Inc()
	obs.Seconds(reg, "rounds_y_seconds", "Y.").WithLabelValues().Observe(1)
	obs.Gauge(nil, "rounds_z", "Z.").WithLabelValues().Set(1)
	all, err := reg.Gather()
	if err != nil || len(all) != 2 || all[0].GetMetric()[0].GetCounter().GetValue() != 2 {
		t.Fatalf("%v %v", all, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("two metrics of one name")
		}
	}()
	obs.Gauge(reg, "rounds_x_total", "Another.", "b")
}

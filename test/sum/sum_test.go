package main

import (
	"strings"
	"testing"
)

func TestSum(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events string
		want   tally
		says   []string
		quiet  []string
	}{
		"a passing package": {
			events: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1.5}`,
			want:  tally{1, 0},
			says:  []string{"ok    p", "1 passed   0 failed    1.5s"},
			quiet: []string{"chatter"},
		},
		"cases count, the table around them does not": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"run","Package":"p","Test":"TestA/x/deep"}
{"Action":"run","Package":"p","Test":"TestA/y"}
{"Action":"fail","Package":"p","Test":"TestA/x/deep"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/y"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			want: tally{1, 1},
		},
		"a case with slashes in its name": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/start/after_commit"}
{"Action":"fail","Package":"p","Test":"TestA/start/after_commit"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			want: tally{0, 1},
		},
		"a table that fails by itself counts": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA","Output":"the sum is wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			want: tally{1, 1},
			says: []string{"FAIL  p TestA\nthe sum is wrong"},
		},
		"a skipped test is a failure": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"no browser here\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			want: tally{0, 1},
			says: []string{"SKIP  p TestA\nno browser here", "FAIL  p"},
		},
		"a package without tests says nothing": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
{"Action":"start","Package":"empty"}
{"Action":"skip","Package":"empty"}`,
			want:  tally{1, 0},
			quiet: []string{"empty"},
		},
		"a package that does not build": {
			events: `{"Action":"build-output","ImportPath":"p [p.test]","Output":"p/a.go:3:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"p [p.test]"}
{"Action":"start","Package":"p"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			want: tally{0, 1},
			says: []string{"does not build\np/a.go:3:1: undefined: x"},
		},
		"a package that exits": {
			events: `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"panic: in TestMain\n"}
{"Action":"fail","Package":"p"}`,
			want: tally{0, 1},
			says: []string{"panic: in TestMain"},
		},
		"a package that never ends": {
			events: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}`,
			want: tally{1, 1},
			says: []string{"FAIL  p never ended"},
		},
		"nothing at all": {events: "go: cannot find main module", want: tally{0, 1}, says: []string{"cannot find main module", "no test ran"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := newSum(&out)
			if err := s.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			if got := s.finish(tally{}); got != c.want {
				t.Errorf("counted %+v, want %+v", got, c.want)
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("does not say %q", want)
				}
			}
			for _, unwanted := range c.quiet {
				if strings.Contains(out.String(), unwanted) {
					t.Errorf("says %q", unwanted)
				}
			}
			if t.Failed() {
				t.Logf("it said:\n%s", out.String())
			}
		})
	}
}

func TestTheLastLineStandsAloneAndCountsWhatCameBefore(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newSum(&out)
	s.total = tally{passed: 40}
	if got := s.finish(tally{passed: 1, failed: 1}); got != (tally{41, 1}) {
		t.Errorf("counted %+v", got)
	}
	if !strings.HasSuffix(out.String(), "\n41 passed, 1 failed\n") && out.String() != "41 passed, 1 failed\n" {
		t.Errorf("ends with %q", out.String())
	}
}

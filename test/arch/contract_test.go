package arch_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	services = []string{"auth", "ssr", "bff", "datamanagement", "scheduler", "livewebinar", "notificationtaskrunner", "notificationcenter", "statistics"}
	roles    = []string{"visitor", "account", "applicant", "member", "host", "administrator", "analyst"}
)

var (
	comment = regexp.MustCompile(`//.*`)
	rpcHead = regexp.MustCompile(`\brpc\s+(\w+)\s*\([^)]*\)\s*returns\s*\([^)]*\)\s*([;{])`)
	option  = regexp.MustCompile(`option\s*\(\s*rounds\.access\.v1\.allow\s*\)\s*=\s*\{([^}]*)\}`)
	list    = regexp.MustCompile(`(callers|roles)\s*:\s*(\[[^\]]*\]|"[^"]*")`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
)

func TestEveryRPCSaysWhoMayCallIt(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if !strings.HasPrefix(name, "contract/") || path.Ext(name) != ".proto" {
			continue
		}
		for _, problem := range accessProblems(read(t, name)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestAccessProblems(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		`rpc A(Q) returns (R);`:   1,
		`rpc A(Q) returns (R) {}`: 1,
		`// option (rounds.access.v1.allow) = {};
		rpc A(Q) returns (stream R) {}`: 1,
		`rpc A(Q) returns (R) { option (rounds.access.v1.allow) = {callers: ["bff"], roles: ["member", "host"]}; }`:        0,
		`rpc A(Q) returns (R) { option (rounds.access.v1.allow) = {callers: "bff"}; }`:                                     0,
		`rpc A(Q) returns (R) { option (rounds.access.v1.allow) = {callers: ["nobody"], roles: ["king"]}; }`:               2,
		`rpc A(Q) returns (R) { option deprecated = true; option (rounds.access.v1.allow) = {}; } rpc B(Q) returns (R) {}`: 1,
	} {
		if got := accessProblems(source); len(got) != want {
			t.Errorf("%s\nhas problems %q, want %d", source, got, want)
		}
	}
}

// accessProblems reads a .proto file: an RPC without the option, or with a caller or role that does not exist.
func accessProblems(source string) []string {
	var problems []string
	source = comment.ReplaceAllString(source, "")
	for _, at := range rpcHead.FindAllStringSubmatchIndex(source, -1) {
		name, body := source[at[2]:at[3]], ""
		if source[at[4]:at[5]] == "{" {
			body = block(source[at[4]:])
		}
		allow := option.FindStringSubmatch(body)
		if allow == nil {
			problems = append(problems, "rpc "+name+" does not say who may call it: option (rounds.access.v1.allow) = {…}")
			continue
		}
		for _, field := range list.FindAllStringSubmatch(allow[1], -1) {
			known := roles
			if field[1] == "callers" {
				known = services
			}
			for _, value := range quoted.FindAllStringSubmatch(field[2], -1) {
				if !slices.Contains(known, value[1]) {
					problems = append(problems, "rpc "+name+": "+field[1]+" has no "+value[1]+"; there are "+strings.Join(known, ", "))
				}
			}
		}
	}
	return problems
}

// block is what stands from an opening brace to its closing one.
func block(source string) string {
	depth := 0
	for i, r := range source {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return source[:i+1]
			}
		}
	}
	return source
}

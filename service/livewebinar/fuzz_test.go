package livewebinar

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement"
)

// arena is an open room with a member and a host in it, without a network.
type arena struct {
	*server

	webinar uuid.UUID
	people  []caller // a visitor who slipped through, somebody outside, a member, the host
}

// arenaID stands in the seeds, so that what is made of them still finds the room.
const arenaID = "01970000-0000-7000-8000-000000000001"

func newArena(t testing.TB) arena {
	t.Helper()
	base := dbtest.New(t, queue.Schema(), eventlog.Schema(), datamanagement.Schema(), Schema())
	return newArenaOn(t, base, base.Pool("livewebinar"))
}

// newArenaOn lets a test watch what is asked of the database.
func newArenaOn(t testing.TB, base *dbtest.DB, pool *pgxpool.Pool) arena {
	t.Helper()
	a := arena{webinar: uuid.MustParse(arenaID), server: instanceOn(t, pool)}
	a.furnish(t, base)
	return a
}

// instanceOn is an instance of the service whose work nobody does but the test.
func instanceOn(t testing.TB, pool *pgxpool.Pool) *server {
	t.Helper()
	quiet, metrics := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	deps := &run.Deps{
		Name: "livewebinar", Now: time.Now, NewID: uuid.New, Rand: rand.Reader, Log: quiet, Metrics: metrics, DB: pool,
		Tokens: token.NewVerifier(filepath.Join(t.TempDir(), "jwks.json"), time.Now), Events: eventlog.New(pool, quiet, metrics, types),
	}
	service, err := New(deps, Config{PseudonymKey: "test", ChatBurst: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	methods, _ := service.RPC[0].Impl.(*rpc)
	s := methods.server
	s.limits = limits{} // what is looked for lies behind them
	s.boards.pulse = 0
	t.Cleanup(func() { _ = s.node.Shutdown(context.Background()) })
	return s
}

func (a *arena) furnish(t testing.TB, base *dbtest.DB) {
	t.Helper()
	exec := func(sql string, args ...any) {
		if _, err := base.Admin().Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	rule, err := json.Marshal(credit.Default())
	if err != nil {
		t.Fatal(err)
	}
	for n, role := range []string{"", "", "host"} {
		id := uuid.UUID{15: byte(n + 1)}
		exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone,
			roles, state, consent_version, consent_at, created_at, updated_at)
			VALUES ($1, $2, 'x', 'Name', 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', array_remove(ARRAY[$3], ''), 'approved', '1', now(), now(), now())`,
			id, id.String()+"@example.org", role)
		a.people = append(a.people, caller{account: id, connection: fmt.Sprint("c", n)})
	}
	other := uuid.New()
	exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, other)
	exec(`INSERT INTO datamanagement.lecturer (id, slug, name) VALUES ($1, 'host', 'Doc')`, other)
	exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'default', 1, $2, now())`, other, rule)
	exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, video_url, created_at, updated_at)
		VALUES ($1, 'heart', 'Heart', 'Text', $2, $2, now(), 'Europe/Ljubljana', 60, 100, $2, '/v.mp4', now(), now())`, a.webinar, other)
	exec(`SELECT datamanagement.webinar_set_live($1, 0, now())`, a.webinar)
	exec(`INSERT INTO livewebinar.room (webinar_id, state, opened_at, seed, commitment, alive_at)
		VALUES ($1, 'open', now(), sha256('seed'), 'x', now())`, a.webinar)
	for _, c := range a.people[1:] {
		if _, err := a.call(c, "room.join", []byte(`{"webinarId":"`+arenaID+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
}

func (a *arena) call(c caller, method string, data []byte) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := a.methods[method].run(a.server, ctx, c, data)
	if err != nil {
		return "", err
	}
	text, err := encode(m)
	return string(text), err
}

// seeds are requests as browsers send them, and as they should not.
func seeds() []string {
	values := map[string][]string{
		"webinarId": {`"` + arenaID + `"`, `""`, `5`, `"0"`}, "id": {`"` + arenaID + `"`, `"x"`}, "sequence": {"1", "-1", "2147483647", `"x"`},
		"number": {"1", "0", "-5", "1e9"}, "into": {"2", "1"}, "body": {`"hello"`, `"\u0000\u202e"`, `"` + strings.Repeat("č", 501) + `"`, `"\ud800"`},
		"options": {`["A","B"]`, `[0]`, `[0,0,-1]`, `["A","A"]`, `[2147483647]`, `{}`}, "accountId": {`"` + uuid.UUID{15: 2}.String() + `"`, `"x"`},
		"question": {`"Which?"`, "1", "null"}, "reason": {`"because"`, `"\u200b"`}, "minutes": {"5", "-1", "2147483647"}, "kind": {`"thanks"`, `"break"`, `""`},
		"on": {"true", `"x"`}, "answer": {`"yes"`}, "text": {`"hello"`}, "slowSeconds": {"5", "999"}, "closed": {"true"}, "replyTo": {"1", "-1"},
		"player": {`"PLAYER_PLAYING"`, "99"}, "limit": {"-1", "1000000"}, "afterRevision": {"-1", "2147483647"}, "afterSequence": {"-1", "2147483647"},
		"search": {`"%"`}, "after": {`"x"`},
	}
	list := []string{"", "null", "[]", "{", `{"webinarId":{}}`, `{"webinarId":"` + arenaID + `"}`, strings.Repeat("[", 5000)}
	var all []string
	for name, some := range values {
		for _, value := range some {
			list = append(list, fmt.Sprintf(`{"webinarId":%q,"id":%q,"number":1,"sequence":1,"body":"x","reason":"x",%q:%s}`, arenaID, arenaID, name, value))
		}
		if name != "webinarId" {
			all = append(all, fmt.Sprintf("%q:%s", name, some[0]))
		}
	}
	return append(list, `{"webinarId":"`+arenaID+`",`+strings.Join(all, ",")+`}`)
}

// FuzzMethods sends anything to every method as everybody: it may be refused, but never panics, and never is it our fault.
func FuzzMethods(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	a := newArena(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var all sync.WaitGroup
		for name := range a.methods {
			all.Go(func() {
				for _, c := range a.people {
					_, err := a.call(c, name, data)
					switch e := errs.Of(err); {
					case err == nil:
					case e.Kind == errs.Internal, e.Kind == errs.Unavailable:
						t.Errorf("%s %q: %v", name, data, err)
					case e.Sentence == "" || strings.Contains(e.Sentence, arenaID):
						t.Errorf("%s %q is refused with %q", name, data, e.Sentence)
					}
				}
			})
		}
		all.Wait()
	})
}

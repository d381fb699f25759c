package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement"
	"github.com/rounds-cme/rounds/service/livewebinar"
)

// pseudonymKey is that of all services of a house.
const pseudonymKey = "test"

// House is one database with a webinar that is about to start, and the rooms' service on it.
type House struct {
	DB      *dbtest.DB
	Webinar uuid.UUID
	Host    uuid.UUID // the account of its lecturer
	Keys    string    // directory of the keys that sign tokens
	Address string    // host:port of the service

	t      testing.TB
	admin  *pgxpool.Pool
	events *eventlog.Log // as the scheduler
	direct *pgxpool.Pool // as the scheduler
}

// Ahead puts the clock of the rooms forward, so that a test need not wait an hour. It is the database's, so all instances
// follow within a second.
func (h *House) Ahead(d time.Duration) {
	h.t.Helper()
	h.Exec(fmt.Sprintf(`CREATE OR REPLACE FUNCTION livewebinar.clock() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS 'SELECT clock_timestamp() + interval ''%d microseconds'''`, d.Microseconds()))
}

func types() eventlog.Types {
	all := eventlog.Types{}
	for _, e := range event.Catalog() {
		all[e.Key] = e.Message
	}
	return all
}

func quiet() *slog.Logger {
	if os.Getenv("LIVE_LOG") != "" {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

func schemas() []db.Schema {
	return []db.Schema{queue.Schema(), eventlog.Schema(), datamanagement.Schema(), livewebinar.Schema()}
}

// Build makes the database, the keys and the webinar.
func Build(t testing.TB) *House {
	t.Helper()
	return build(t, dbtest.New(t, schemas()...))
}

func build(t testing.TB, base *dbtest.DB) *House {
	t.Helper()
	h := &House{t: t, DB: base, admin: base.Admin(), direct: base.Pool("scheduler"), Keys: t.TempDir(), Webinar: uuid.New()}
	h.events = eventlog.New(h.direct, quiet(), prometheus.NewRegistry(), types())
	if err := token.Ensure(h.Keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	h.Host = h.Account("Doc Host", "host")
	h.plan(60 * time.Minute)
	return h
}

// Exec arranges something as the superuser.
func (h *House) Exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.admin.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
}

// Account makes an approved member.
func (h *House) Account(name string, roles ...string) uuid.UUID {
	h.t.Helper()
	id := uuid.New()
	h.Exec(`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone,
		roles, state, consent_version, consent_at, created_at, updated_at)
		VALUES ($1, $2, 'x', $3, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', $4, 'approved', '1', now(), now(), now())`,
		id, id.String()+"@example.org", name, append([]string{}, roles...))
	return id
}

func (h *House) plan(length time.Duration) {
	rule := credit.Default()
	rule.EvaluationRequired = false
	text, err := json.Marshal(rule)
	if err != nil {
		h.t.Fatal(err)
	}
	category, lecturer, ruleID := uuid.New(), uuid.New(), uuid.New()
	h.Exec(`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, 'heart', 'Heart', 'Srce')`, category)
	h.Exec(`INSERT INTO datamanagement.lecturer (id, slug, account_id, name) VALUES ($1, 'host', $2, 'Doc Host')`, lecturer, h.Host)
	h.Exec(`INSERT INTO datamanagement.credit_rule (id, name, version, rule, created_at) VALUES ($1, 'default', 1, $2, now())`, ruleID, text)
	h.Exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, video_url, created_at, updated_at)
		VALUES ($1, 'heart-failure', 'Heart failure', 'Text', $2, $3, now(), 'Europe/Ljubljana', $4, 100, $5, '/video/demo.mp4', now(), now())`,
		h.Webinar, lecturer, category, int(length.Minutes()), ruleID)
}

// Say appends an event as the scheduler does.
func (h *House) Say(kind string, m proto.Message) {
	h.t.Helper()
	err := db.Tx(h.t.Context(), h.direct, func(tx pgx.Tx) error {
		return h.events.Append(h.t.Context(), tx, eventlog.Event{Stream: "webinar/" + h.Webinar.String(), ExpectedVersion: eventlog.Any, Type: kind, Message: m})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// GoLive does what the start saga does.
func (h *House) GoLive() {
	h.t.Helper()
	if _, err := h.direct.Exec(h.t.Context(), `SELECT datamanagement.webinar_set_live($1, 0, now())`, h.Webinar); err != nil {
		h.t.Fatal(err)
	}
	h.Say("start.requested", &eventpb.StartRequested{WebinarId: h.Webinar.String()})
	h.Await("the room opens", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'open'`) == 1 })
	h.Say("webinar.live", &eventpb.WebinarLive{WebinarId: h.Webinar.String()})
}

// Count asks for one number as the superuser.
func (h *House) Count(sql string, args ...any) int {
	h.t.Helper()
	var n int
	if err := h.admin.QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// Await waits for something to become true. Longer than anything takes: a transaction of another test that writes and stays
// open holds back the events of all databases of the server.
func (h *House) Await(what string, is func() bool) {
	h.t.Helper()
	pause := 5 * time.Millisecond
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(pause) {
		if is() {
			return
		}
		pause = min(2*pause, 100*time.Millisecond) // what asks the room must not be a flood
	}
	h.t.Fatalf("waited in vain: %s", what)
}

// Serve runs the service in this process. Others may join its group, and take over its listener.
func (h *House) Serve(also ...func(*run.Member) []*run.Member) {
	h.t.Helper()
	h.serve("", also...)
}

// serve is Serve with a Redis, through which other instances hear.
func (h *House) serve(redis string, also ...func(*run.Member) []*run.Member) {
	h.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	p := place{listener: listener, url: h.DB.URL("livewebinar"), keys: h.Keys, redis: redis, now: time.Now}
	group, err := p.start(also...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Address = listener.Addr().String()
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := group.Stop(ctx); err != nil {
			h.t.Errorf("stop: %v", err)
		}
	})
}

// place is where the service runs.
type place struct {
	listener         net.Listener
	url, keys, redis string
	lease            time.Duration
	now              func() time.Time
}

// visitorsMost is how many visitors may come from one address of the world outside.
const visitorsMost = 3

// start runs the service with the tools that cmd/rounds would give it.
func (p place) start(also ...func(*run.Member) []*run.Member) (*run.Group, error) {
	pool, err := db.Pool(context.Background(), p.url, 8)
	if err != nil {
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	deps := &run.Deps{
		Name: "livewebinar", Now: p.now, NewID: uuid.New, Rand: rand.Reader, Log: quiet(), Metrics: metrics, DB: pool,
		Events: eventlog.New(pool, quiet(), metrics, types()), Tokens: token.NewVerifier(filepath.Join(p.keys, "jwks.json"), time.Now),
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	service, err := livewebinar.New(deps, livewebinar.Config{
		PseudonymKey: pseudonymKey, ChatBurst: 1000, IncidentPercent: 25, RedisURL: conf.Secret(p.redis), Lease: p.lease,
		VisitorsPerAddress: visitorsMost,
	})
	if err != nil {
		return nil, err
	}
	members := []*run.Member{{Name: "livewebinar", Deps: deps, Service: service, HTTP: p.listener}}
	for _, more := range also {
		members = append(members, more(members[0])...)
	}
	group := run.NewGroup(quiet(), members...)
	group.Start()
	return group, nil
}

// Cookie is the session cookie of a member.
func (h *House) Cookie(account uuid.UUID, valid time.Duration) string {
	h.t.Helper()
	raw, err := token.NewSigner(h.Keys, time.Now).Sign(token.Claims{
		Account: account, Session: uuid.New(), Roles: []string{token.Member}, Issued: time.Now().Add(-time.Hour), Expires: time.Now().Add(valid),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return raw
}

// Options are those of a connection of a member; uuid.Nil is a visitor.
func (h *House) Options(account uuid.UUID) Options {
	o := Options{URL: "ws://" + h.Address + "/live/connection/websocket", Origin: "http://" + h.Address}
	if account != uuid.Nil {
		o.Cookie = h.Cookie(account, time.Hour)
	}
	return o
}

// seat is a member in the room, with all that arrived.
type seat struct {
	*Client

	h      *House
	rooms  chan *livewebinarpb.RoomPush
	behind chan *livewebinarpb.RoomPush // the stage
	person chan *livewebinarpb.PersonPush
	front  chan *livewebinarpb.FrontPush
	joined *livewebinarpb.JoinResponse
}

// connect opens a connection without entering the room.
func (h *House) connect(account uuid.UUID) *seat {
	h.t.Helper()
	s := &seat{
		h: h, rooms: make(chan *livewebinarpb.RoomPush, 1000), behind: make(chan *livewebinarpb.RoomPush, 1000), person: make(chan *livewebinarpb.PersonPush, 100),
		front: make(chan *livewebinarpb.FrontPush, 100),
	}
	o := h.Options(account)
	o.Push = s.sort
	client, err := Dial(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	s.Client = client
	h.t.Cleanup(client.Kill)
	return s
}

func (s *seat) sort(p Push) {
	switch {
	case strings.HasPrefix(p.Channel, "room:"):
		into(s.h.t, p, &livewebinarpb.RoomPush{}, s.rooms)
	case strings.HasPrefix(p.Channel, "backstage:"):
		into(s.h.t, p, &livewebinarpb.RoomPush{}, s.behind)
	case strings.HasPrefix(p.Channel, "#"):
		into(s.h.t, p, &livewebinarpb.PersonPush{}, s.person)
	default:
		into(s.h.t, p, &livewebinarpb.FrontPush{}, s.front)
	}
}

func into[M proto.Message](t testing.TB, p Push, m M, c chan M) {
	t.Helper()
	if err := protojson.Unmarshal(p.Data, m); err != nil {
		t.Errorf("push on %s: %v", p.Channel, err)
		return
	}
	c <- m
}

// enterAt enters on one of several instances.
func (h *House) enterAt(i *Instance, account uuid.UUID, after int32) *seat {
	h.t.Helper()
	h.Address = i.Address
	return h.enter(account, after)
}

// enter subscribes and joins, waiting while the room opens, as a browser does.
func (h *House) enter(account uuid.UUID, after int32) *seat {
	h.t.Helper()
	s := h.connect(account)
	var err error
	lets := func() bool {
		if err = s.Subscribe(h.t.Context(), "room:"+h.Webinar.String()); err != nil {
			return false
		}
		s.joined = &livewebinarpb.JoinResponse{}
		err = s.Call(h.t.Context(), "room.join", &livewebinarpb.JoinRequest{WebinarId: h.Webinar.String(), AfterSequence: after}, s.joined)
		return err == nil
	}
	for end := time.Now().Add(45 * time.Second); !lets(); time.Sleep(120 * time.Millisecond) { // who floods is cut
		if time.Now().After(end) {
			h.t.Fatalf("the room does not let %s in: %v", account, err)
		}
	}
	return s
}

func (s *seat) send(id uuid.UUID, body string) (int32, error) {
	var r livewebinarpb.SendResponse
	err := s.Call(s.h.t.Context(), "chat.send", &livewebinarpb.SendRequest{WebinarId: s.h.Webinar.String(), Id: id.String(), Body: body}, &r)
	return r.GetSequence(), err
}

func (s *seat) beat(n int32, p livewebinarpb.Player) (*livewebinarpb.BeatResponse, error) {
	var r livewebinarpb.BeatResponse
	err := s.Call(s.h.t.Context(), "room.beat", &livewebinarpb.BeatRequest{WebinarId: s.h.Webinar.String(), Sequence: n, Player: p}, &r)
	return &r, err
}

// next waits for a push that fits.
func next[M any](t testing.TB, c chan M, what string, fits func(M) bool) M {
	t.Helper()
	end := time.After(45 * time.Second)
	for {
		select {
		case m := <-c:
			if fits(m) {
				return m
			}
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(fmt.Errorf("unexpected: %w", err))
		}
		return v
	}
}

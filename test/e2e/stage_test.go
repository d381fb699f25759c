package e2e

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/ssr"
	"github.com/rounds-cme/rounds/test/e2e/browser"
)

// stage is a room that the test plays by itself, one frame after the other: what a real one does only in an hour, or only when
// something breaks, the page must show too.
type stage struct {
	t       *testing.T
	URL     string
	Webinar string
	account uuid.UUID
	signer  *token.Signer

	mu      sync.Mutex
	shut    bool               // no new connection
	drop    func() error       // cuts the one that is open
	send    func(frame string) // to the connection that is open
	answers map[string]proto.Message
	refused map[string]string
	asked   map[string][]string
}

// call is a frame of the centrifuge protocol, as far as the page uses it.
type call struct {
	ID        int              `json:"id"`
	Connect   *json.RawMessage `json:"connect"`
	Subscribe *struct {
		Channel string `json:"channel"`
	} `json:"subscribe"`
	RPC *struct {
		Method string          `json:"method"`
		Data   json.RawMessage `json:"data"`
	} `json:"rpc"`
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, Webinar: uuid.NewString(), account: uuid.New(), refused: map[string]string{}, asked: map[string][]string{}}
	s.answers = map[string]proto.Message{
		"room.join": &livewebinarpb.JoinResponse{
			Room: &livewebinarpb.Room{WebinarId: s.Webinar, Title: "Heart failure", VideoUrl: "/video/demo.mp4"}, Viewers: 214,
			Credit: &livewebinarpb.Credit{Verdict: "open"}, Board: &livewebinarpb.Board{},
		},
		"room.beat": &livewebinarpb.BeatResponse{Credit: &livewebinarpb.Credit{Verdict: "open"}},
	}
	keys := t.TempDir()
	if err := token.Ensure(keys, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.signer = token.NewSigner(keys, time.Now)
	pages, err := ssr.New(&run.Deps{
		Name: "ssr", Now: time.Now, NewID: uuid.New, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Tokens: token.NewVerifier(filepath.Join(keys, "jwks.json"), time.Now), Dial: func(string) grpc.ClientConnInterface { return door(s.Webinar) },
	}, ssr.Config{Zone: "Europe/Ljubljana"})
	if err != nil {
		t.Fatal(err)
	}
	front := http.NewServeMux()
	front.HandleFunc("/live/connection/websocket", s.play)
	front.HandleFunc("/video/demo.mp4", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/clip.mp4") })
	front.Handle("/", pages.HTTP)
	site := httptest.NewServer(front)
	t.Cleanup(site.Close)
	s.URL = site.URL
	return s
}

// door answers the pages: the webinar is live, and nothing else is there.
type door string

func (d door) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	switch answer := reply.(type) {
	case *livewebinarpb.DoorResponse:
		proto.Merge(answer, &livewebinarpb.DoorResponse{WebinarId: string(d), Title: "Heart failure", State: "live", VideoUrl: "/video/demo.mp4"})
	case *bffpb.StageResponse:
		proto.Merge(answer, &bffpb.StageResponse{Card: &bffpb.WebinarCard{Id: string(d), Slug: "heart-failure", Title: "Heart failure", State: "live"}})
	default:
		return status.Error(codes.Unavailable, method)
	}
	return nil
}

func (door) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unavailable, "stream")
}

// play is one connection from its beginning to its end.
func (s *stage) play(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	shut := s.shut
	s.mu.Unlock()
	if shut {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	s.mu.Lock()
	s.drop = conn.Close
	s.send = func(frame string) { _ = wsutil.WriteServerText(conn, []byte(frame)) }
	s.mu.Unlock()
	for {
		raw, err := wsutil.ReadClientText(conn)
		if err != nil {
			return
		}
		for line := range strings.Lines(string(raw)) {
			var c call
			if json.Unmarshal([]byte(line), &c) == nil && c.ID != 0 {
				s.reply(c)
			}
		}
	}
}

func (s *stage) reply(c call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := json.Marshal(c.ID)
	switch {
	case c.Connect != nil:
		s.send(`{"id":` + string(id) + `,"connect":{"client":"c","version":"","subs":{"#` + s.account.String() + `":{}}}}`)
	case c.Subscribe != nil:
		s.send(`{"id":` + string(id) + `,"subscribe":{}}`)
	case c.RPC != nil:
		s.asked[c.RPC.Method] = append(s.asked[c.RPC.Method], string(c.RPC.Data))
		if code := s.refused[c.RPC.Method]; code != "" {
			s.send(`{"id":` + string(id) + `,"error":{"code":1409,"message":"` + code + `"}}`)
			return
		}
		answer := s.answers[c.RPC.Method]
		if answer == nil {
			answer = &livewebinarpb.Done{}
		}
		s.send(`{"id":` + string(id) + `,"rpc":{"data":` + text(s.t, answer) + `}}`)
	}
}

func text(t *testing.T, m proto.Message) string {
	t.Helper()
	raw, err := protojson.Marshal(m)
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

// answer sets what a method is answered from now on.
func (s *stage) answer(method string, m proto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method] = m
}

// refuse lets a method fail with a code; none lets it succeed again.
func (s *stage) refuse(method, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[method] = code
}

// cut breaks the connection and lets none come until it is mended.
func (s *stage) cut(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = cut
	if cut {
		_ = s.drop()
	}
}

// count is how often a method was called.
func (s *stage) count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked[method])
}

// push sends to the room, tell to this person.
func (s *stage) push(m *livewebinarpb.RoomPush) { s.publish("room:"+s.Webinar, m) }

func (s *stage) tell(m *livewebinarpb.PersonPush) {
	m.WebinarId = s.Webinar
	s.publish("#"+s.account.String(), m)
}

func (s *stage) publish(channel string, m proto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(`{"push":{"channel":"` + channel + `","pub":{"data":` + text(s.t, m) + `}}}`)
}

// enter opens the room for the one member of this stage.
func (s *stage) enter() *browser.Page {
	s.t.Helper()
	signed, err := s.signer.Sign(token.Claims{
		Account: s.account, Session: uuid.New(), Roles: []string{token.Member}, Language: "en", Zone: "Europe/Ljubljana", Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	p := chromium.New(s.t, s.URL)
	p.Cookie("rounds_access", signed)
	p.Open("/webinars/heart-failure/room")
	p.See(`[data-connection][data-state="connected"]`)
	return p
}

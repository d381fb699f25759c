package livewebinar

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/fanout"
)

// The channels; contract/livewebinar/v1/room.proto says what they carry.
const (
	frontChannel    = "front"
	roomPrefix      = "room:"
	backstagePrefix = "backstage:"
)

func roomChannel(webinar uuid.UUID) string      { return roomPrefix + webinar.String() }
func backstageChannel(webinar uuid.UUID) string { return backstagePrefix + webinar.String() }
func personChannel(account uuid.UUID) string    { return "#" + account.String() }

// Why a connection was closed. A browser comes back after codes below 4500, and stays away after the others. The library
// has codes of its own, which we leave as they are: 3005 the session expired, 3008 too slow, 3012 no answer to a ping,
// 3013 too many frames, 3501 not decodable; and 1009 of WebSocket itself for a frame over the limit.
func closedExpired() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4001, Reason: "session expired"}
}

func closedTooMany() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4002, Reason: "too many connections of this account"}
}

func closedUnavailable() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4003, Reason: "not available right now"}
}

func closedCrowd() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4004, Reason: "too many visitors from this address"}
}

func closedInvalid() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4501, Reason: "invalid session"}
}

func closedRemoved() centrifuge.Disconnect {
	return centrifuge.Disconnect{Code: 4502, Reason: "removed from the room"}
}

// What a connection may hold and do.
const (
	frameLimit    = 8 << 10
	queueLimit    = 256 << 10
	kernelBuffer  = 64 << 10 // without it the kernel holds up to 4 MB for a viewer who does not read
	pingEvery     = 10 * time.Second
	pongWithin    = 5 * time.Second
	perAccount    = 20
	channelsMost  = 8
	framesPerSec  = 20
	framesAtOnce  = 100
	framesTooMany = 200 // refused in one go, then the connection is cut
)

// proof is when an open connection must have answered a ping that was written after a frame.
const proof = pingEvery + pongWithin + 2*time.Second

type identityKey struct{}

// identity is what the cookie said when the connection was opened.
type identity struct {
	claims token.Claims
	failed error
	conn   *fanout.Conn // nil when it is none of TCP
	door   door
	guest  netip.Addr // of who is nobody: where they come from
	many   bool       // too many come from there
	frames allowance
}

// doorOf is the door of a connection; nil when it has none.
func doorOf(ctx context.Context) *door {
	if id, is := ctx.Value(identityKey{}).(*identity); is {
		return &id.door
	}
	return nil
}

// newNode is the engine of the sockets: one process, everything in memory.
func (s *server) newNode(name string, metrics prometheus.Registerer) (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{
		Name: name, LogLevel: centrifuge.LogLevelWarn, LogHandler: s.logEngine, ClientQueueMaxSize: queueLimit,
		ClientChannelLimit: channelsMost, UserConnectionLimit: perAccount, ChannelMaxLength: 64,
		ClientStaleCloseDelay: 5 * time.Second, Metrics: centrifuge.MetricsConfig{RegistererGatherer: engineMetrics(metrics)},
	})
	if err != nil {
		return nil, fmt.Errorf("make the engine of the rooms: %w", err)
	}
	node.OnConnecting(s.connecting)
	node.OnConnect(s.connected)
	node.OnCommandRead(s.command)
	return node, nil
}

// engineMetrics lets the engine count into our registry where it can; never into the global one.
func engineMetrics(metrics prometheus.Registerer) centrifuge.RegistererGatherer {
	if both, ok := metrics.(centrifuge.RegistererGatherer); ok {
		return both
	}
	return prometheus.NewRegistry()
}

func (s *server) logEngine(e centrifuge.LogEntry) {
	if e.Level >= centrifuge.LogLevelError {
		s.log.Error("rooms engine: "+e.Message, "fields", e.Fields)
		return
	}
	s.log.Warn("rooms engine: "+e.Message, "fields", e.Fields)
}

// routes is everything that this service answers over HTTP.
func (s *server) routes(o web.Options) *web.Mux {
	m := web.New(o)
	socket := centrifuge.NewWebsocketHandler(s.node, centrifuge.WebsocketConfig{
		// The mux has looked at the origin.
		CheckOrigin: func(*http.Request) bool { return true }, MessageSizeLimit: frameLimit, WriteTimeout: 2 * time.Second,
		ReadBufferSize: 1 << 10, WriteBufferSize: 4 << 10, UseWriteBufferPool: true, ProcessCommandsOffReadLoop: true,
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: pingEvery, PongTimeout: pongWithin},
	})
	m.Socket("/live/connection/websocket", web.Public, func(w http.ResponseWriter, r *http.Request) error {
		s.gates.handshake.pass(r.Context(), func() {
			id := &identity{frames: newAllowance()}
			if cookie, err := r.Cookie(web.AccessCookie); err == nil {
				id.claims, id.failed = s.tokens.Verify(cookie.Value)
			}
			if id.claims.Account == uuid.Nil {
				id.guest = web.Address(r.Context())
			}
			// A closing code says more to a browser than a refused handshake does, so a wrong token is refused inside.
			socket.ServeHTTP(&narrow{w, id, &s.guests}, lasting(r, id))
		})
		return nil
	})
	m.Post("/live/leave", web.Account, s.leave, web.Body(leaveBody))
	return m
}

// lasting is the request as the engine needs it. The engine keeps it as long as the connection lives, and with it would keep
// everything that was made for answering one request: the line for the log, the verified token, all headers.
func lasting(r *http.Request, id *identity) *http.Request {
	header := http.Header{}
	for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Version", "Sec-Websocket-Key", "Sec-Websocket-Protocol"} {
		if values := r.Header[name]; len(values) > 0 {
			header[name] = values
		}
	}
	slim := &http.Request{Method: r.Method, URL: &url.URL{RawQuery: r.URL.RawQuery}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Header: header, Host: r.Host}
	return slim.WithContext(context.WithValue(context.Background(), identityKey{}, id))
}

// narrow bounds what the kernel holds for a connection, and lets the fan-out write to it beside the engine.
type narrow struct {
	http.ResponseWriter

	id     *identity
	guests *guests
}

func (n *narrow) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(n.ResponseWriter).Hijack()
	tcp, ok := conn.(*net.TCPConn)
	if !ok || err != nil {
		return conn, rw, err
	}
	_ = tcp.SetWriteBuffer(kernelBuffer) // if the system will not, the connection works all the same
	leave, in := n.guests.enter(n.id.guest)
	n.id.many = !in
	if n.id.conn, err = fanout.Wrap(tcp, leave); err != nil {
		leave()
		return conn, rw, err
	}
	return n.id.conn, rw, nil
}

// connecting decides who may be connected. Visitors may: they hear what goes live on the front page.
func (s *server) connecting(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	id, _ := ctx.Value(identityKey{}).(*identity)
	if id == nil {
		return centrifuge.ConnectReply{}, closedInvalid()
	}
	reply := centrifuge.ConnectReply{
		Credentials:   &centrifuge.Credentials{},
		Subscriptions: map[string]centrifuge.SubscribeOptions{frontChannel: {}},
	}
	if id.many {
		return centrifuge.ConnectReply{}, closedCrowd()
	}
	if id.failed != nil {
		return centrifuge.ConnectReply{}, refusal(id.failed)
	}
	if account := id.claims.Account; account != uuid.Nil {
		if len(s.node.Hub().UserConnections(account.String())) >= perAccount {
			return centrifuge.ConnectReply{}, closedTooMany()
		}
		reply.Credentials = &centrifuge.Credentials{UserID: account.String(), ExpireAt: id.claims.Expires.Unix()}
		reply.Subscriptions[personChannel(account)] = centrifuge.SubscribeOptions{}
	}
	return reply, nil
}

func refusal(err error) centrifuge.Disconnect {
	switch e := errs.Of(err); {
	case e.Kind != errs.Unauthenticated:
		return closedUnavailable()
	case e.Code == token.CodeExpired:
		return closedExpired()
	default:
		return closedInvalid()
	}
}

// connected wires one connection.
func (s *server) connected(client *centrifuge.Client) {
	account, _ := uuid.Parse(client.UserID()) // nil for a visitor
	client.OnRefresh(func(_ centrifuge.RefreshEvent, answer centrifuge.RefreshCallback) {
		// The cookie cannot be read again on an open connection; the browser renews it and comes back.
		answer(centrifuge.RefreshReply{Expired: true}, nil)
	})
	client.OnSubscribe(func(e centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
		go func() {
			err := error(centrifuge.ErrorNotAvailable)
			s.gates.subscribe.pass(client.Context(), func() {
				ctx, cancel := context.WithTimeout(client.Context(), callWithin)
				defer cancel()
				if err = s.subscribe(ctx, caller{account, client.ID(), doorOf(ctx)}, e.Channel); err == nil {
					s.hears(client, e.Channel)
				}
			})
			answer(centrifuge.SubscribeReply{}, wireError(err))
		}()
	})
	client.OnUnsubscribe(func(e centrifuge.UnsubscribeEvent) { s.fan.Remove(e.Channel, client.ID()) })
	client.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
		s.call(client, account, e, answer)
	})
	client.OnDisconnect(func(e centrifuge.DisconnectEvent) {
		s.fan.Drop(client.ID())
		if account != uuid.Nil {
			s.gone(account, client.ID(), vanished(e.Disconnect, parted(client.Context())))
		}
	})
}

// subscribe lets members into the channel of an open room, and hosts behind the stage, also before it is open.
func (s *server) subscribe(ctx context.Context, c caller, channel string) error {
	webinar, hosts, err := webinarOf(channel)
	if err != nil {
		return err
	}
	if c.account == uuid.Nil {
		return errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	if hosts {
		at, err := s.backstage(ctx, c, webinar, true)
		if err == nil {
			at.board.behind.Store(c.account, true)
		}
		return err
	}
	l, err := s.rooms.get(ctx, webinar)
	if err != nil {
		return err
	}
	if err := s.admit(l.board, c.account); err != nil {
		s.tellRemoved(l.board, c.account)
		return err
	}
	person, err := s.rooms.person(ctx, l, c.account)
	if err == nil {
		c.door.open(webinar, person, time.Now())
	}
	return err
}

// webinarOf is whose channel it is.
func webinarOf(channel string) (webinar uuid.UUID, hosts bool, err error) {
	id, hosts := strings.CutPrefix(channel, backstagePrefix)
	if !hosts {
		var room bool
		if id, room = strings.CutPrefix(channel, roomPrefix); !room {
			return uuid.Nil, false, errNone()
		}
	}
	// Only the one way to write an id: others would name a channel that nobody speaks in.
	if webinar, err = uuid.Parse(id); err != nil || webinar.String() != id {
		return uuid.Nil, false, errNone()
	}
	return webinar, hosts, nil
}

// vanished says of a connection that has ended whether it was lost: nobody said goodbye, or it was we who could not go on. It was not,
// when its browser closed it, nor when we sent it away for a reason of its own: an old session, a flood, a removal.
func vanished(why centrifuge.Disconnect, parted bool) bool {
	switch why.Code {
	case centrifuge.DisconnectConnectionClosed.Code:
		return !parted
	case centrifuge.DisconnectShutdown.Code, centrifuge.DisconnectServerError.Code, centrifuge.DisconnectSlow.Code,
		centrifuge.DisconnectWriteError.Code, centrifuge.DisconnectNoPong.Code:
		return true
	default:
		return false
	}
}

// parted says whether a frame that closes the connection has been exchanged: the engine answers that of a browser, and tells nobody.
func parted(ctx context.Context) bool {
	id, is := ctx.Value(identityKey{}).(*identity)
	return is && id.conn != nil && id.conn.Parted()
}

// gone notes in all rooms that a connection has ended.
func (s *server) gone(account uuid.UUID, connection string, lost bool) {
	for _, l := range s.rooms.all() {
		person, in := l.Person(account, connection)
		if !in {
			continue
		}
		now := s.now()
		l.note(func() {
			end := l.Part
			if lost {
				end = l.Lose
			}
			if b := end(now, account, connection); b != nil {
				s.recorder.beat(*b)
				s.recorder.act(s.activity.left(now, l, person, connection))
			}
		})
	}
}

// hungUp notes the loss of a connection that ended while it was entering a room: its end was told before it was in. The engine
// forgets a connection before it tells, so one that it still knows will be told of.
func (s *server) hungUp(client *centrifuge.Client, account uuid.UUID) {
	if _, open := s.node.Hub().UserConnections(account.String())[client.ID()]; !open {
		s.gone(account, client.ID(), !parted(client.Context()))
	}
}

// publish sends to a channel what can be missed: whoever misses it asks for the state when coming back. Those who are
// connected here have it at once, the others by the wire.
func (s *server) publish(channel string, m proto.Message) {
	text, err := protojson.Marshal(m)
	if err != nil {
		s.log.Error("publish", "channel", channel, "error", err)
		return
	}
	s.handRaw(channel, text)
	s.wire.send(channel, text)
}

// hand gives something to those who are connected here alone: the other instances know it by themselves.
func (s *server) hand(channel string, m proto.Message) {
	text, err := protojson.Marshal(m)
	if err != nil {
		s.log.Error("hand out", "channel", channel, "error", err)
		return
	}
	s.handRaw(channel, text)
}

// wireError is an error as the frames carry it: a number by kind, and the code that pages translate.
func wireError(err error) error {
	if err == nil {
		return nil
	}
	var own *centrifuge.Error
	if errors.As(err, &own) {
		return own
	}
	e := errs.Of(err)
	return &centrifuge.Error{
		Code: uint32(1000 + errs.HTTPStatus(e.Kind)), Message: e.Code, //nolint:gosec // statuses are below 600
		Temporary: e.Kind == errs.Unavailable || e.Kind == errs.TooMany || e.Kind == errs.Internal,
	}
}

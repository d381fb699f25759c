// Package live tests the rooms with real WebSockets against a real PostgreSQL, and holds the client that speaks their
// protocol, which the load tests use too.
//
// Why a client of our own: it must be able to misbehave (replay, flood, send rubbish), and to hold thousands of
// connections in one process.
package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Client is one connection, as a browser has it.
type Client struct {
	conn net.Conn

	mu      sync.Mutex // of writing
	next    atomic.Uint32
	waiting sync.Map // id → chan Reply

	push   func(Push)
	closed chan struct{}
	why    error
}

// Push is what arrives without having been asked for.
type Push struct {
	Channel string
	Data    json.RawMessage
	At      time.Time
}

// Reply is the answer to a command.
type Reply struct {
	Result json.RawMessage
	Error  *Refused
}

// Refused is a command that was not carried out.
type Refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (r *Refused) Error() string { return fmt.Sprintf("%d: %s", r.Code, r.Message) }

// Closed is why the server closed a connection.
type Closed struct {
	Code   int
	Reason string
}

func (c *Closed) Error() string { return fmt.Sprintf("closed %d: %s", c.Code, c.Reason) }

// Options of a connection.
type Options struct {
	URL    string // ws://…/live/connection/websocket
	Cookie string // the value of rounds_access
	Origin string
	From   string // X-Forwarded-For of a proxy
	// Push is called from the goroutine that reads; nil drops what arrives.
	Push func(Push)
}

// Dial opens a connection and says hello.
func Dial(ctx context.Context, o Options) (*Client, error) {
	c, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if _, err := c.Command(ctx, "connect", struct{}{}); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

// Open only opens a connection.
func Open(ctx context.Context, o Options) (*Client, error) {
	header := http.Header{}
	if o.Cookie != "" {
		header.Set("Cookie", "rounds_access="+o.Cookie)
	}
	if o.Origin != "" {
		header.Set("Origin", o.Origin)
	}
	if o.From != "" {
		header.Set("X-Forwarded-For", o.From)
	}
	conn, reader, _, err := ws.Dialer{Header: ws.HandshakeHeaderHTTP(header), ReadBufferSize: 2048}.Dial(ctx, o.URL)
	if err != nil {
		return nil, fmt.Errorf("open a WebSocket: %w", err)
	}
	if reader != nil { // it would hold what came with the handshake; our server waits for us to speak first
		ws.PutReader(reader)
	}
	c := &Client{conn: conn, push: o.Push, closed: make(chan struct{})}
	if c.push == nil {
		c.push = func(Push) {}
	}
	go c.read()
	return c, nil
}

// Kill drops the connection as a network does: without a word.
func (c *Client) Kill() { _ = c.conn.Close() }

// Leave closes the connection as a browser does whose page is left.
func (c *Client) Leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	frame := ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, ""))
	if err := ws.WriteFrame(c.conn, ws.MaskFrame(frame)); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}

// Done is closed when the connection has ended; Err tells why.
func (c *Client) Done() <-chan struct{} { return c.closed }

// Err is why the connection ended, a *Closed when the server said so.
func (c *Client) Err() error { return c.why }

// Send writes a raw text frame.
func (c *Client) Send(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := wsutil.WriteClientText(c.conn, frame); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}

// Command sends a command of the protocol and waits for the answer.
func (c *Client) Command(ctx context.Context, name string, body any) (json.RawMessage, error) {
	id := c.next.Add(1)
	frame, err := json.Marshal(map[string]any{"id": id, name: body})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	answer := make(chan Reply, 1)
	c.waiting.Store(id, answer)
	defer c.waiting.Delete(id)
	if err := c.Send(frame); err != nil {
		return nil, err
	}
	select {
	case r := <-answer:
		if r.Error != nil {
			return nil, r.Error
		}
		return r.Result, nil
	case <-c.closed:
		return nil, c.why
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", name, ctx.Err())
	}
}

// Subscribe asks for a channel.
func (c *Client) Subscribe(ctx context.Context, channel string) error {
	_, err := c.Command(ctx, "subscribe", map[string]string{"channel": channel})
	return err
}

// Call makes a call of the room protocol.
func (c *Client) Call(ctx context.Context, method string, request, response proto.Message) error {
	data, err := protojson.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	result, err := c.Command(ctx, "rpc", map[string]any{"method": method, "data": json.RawMessage(data)})
	if err != nil {
		return err
	}
	var body struct{ Data json.RawMessage }
	if err := json.Unmarshal(result, &body); err != nil {
		return fmt.Errorf("read the answer to %s: %w", method, err)
	}
	if err := protojson.Unmarshal(body.Data, response); err != nil {
		return fmt.Errorf("read the answer to %s: %w", method, err)
	}
	return nil
}

func (c *Client) read() {
	defer close(c.closed)
	defer func() { _ = c.conn.Close() }()
	reader := bufio.NewReaderSize(c.conn, 2048)
	for {
		text, err := message(reader)
		if err != nil {
			c.why = err
			return
		}
		at := time.Now()
		for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
			c.take([]byte(line), at)
		}
	}
}

// message reads the frames of one message. The library's own reader answers a closing frame before it shows it, and so
// loses the reason when the server has hung up already.
func message(r io.Reader) ([]byte, error) {
	var text []byte
	for {
		header, payload, err := Frame(r)
		if err != nil {
			return nil, err
		}
		switch header.OpCode {
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(payload)
			return nil, &Closed{Code: int(code), Reason: reason}
		case ws.OpText, ws.OpContinuation:
			text = append(text, payload...)
			if header.Fin {
				return text, nil
			}
		}
	}
}

const frameMost = 1 << 20

// Frame reads one frame of a server that is not trusted with our memory.
func Frame(r io.Reader) (ws.Header, []byte, error) {
	header, err := ws.ReadHeader(r)
	if err != nil {
		return header, nil, fmt.Errorf("read a frame: %w", err)
	}
	if header.Length > frameMost {
		return header, nil, fmt.Errorf("a frame of %d bytes", header.Length)
	}
	payload := make([]byte, header.Length)
	if _, err := io.ReadFull(r, payload); err != nil {
		return header, nil, fmt.Errorf("read a frame: %w", err)
	}
	return header, payload, nil
}

// take handles one reply, push or ping of a frame.
func (c *Client) take(line []byte, at time.Time) {
	if string(line) == "{}" { // a ping
		_ = c.Send([]byte("{}"))
		return
	}
	var m struct {
		ID                      uint32
		Error                   *Refused
		Connect, Subscribe, RPC json.RawMessage
		Unsubscribe, Ping       json.RawMessage
		Push                    *struct {
			Channel string
			Pub     *struct{ Data json.RawMessage }
		}
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return
	}
	if m.Push != nil {
		if m.Push.Pub != nil {
			c.push(Push{Channel: m.Push.Channel, Data: m.Push.Pub.Data, At: at})
		}
		return
	}
	answer, ok := c.waiting.Load(m.ID)
	if !ok {
		return
	}
	r := Reply{Error: m.Error}
	for _, result := range []json.RawMessage{m.Connect, m.Subscribe, m.RPC, m.Unsubscribe} {
		if result != nil {
			r.Result = result
		}
	}
	if replies, ok := answer.(chan Reply); ok {
		replies <- r
	}
}

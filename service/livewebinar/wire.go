package livewebinar

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/obs"
)

// The limits of the wire. What waited longer has come by the log meanwhile.
const (
	wireChannel  = "wire"
	wirePrefix   = "rounds.live"
	wireWaiting  = 4096
	wireTooOld   = time.Second
	wireTimeout  = time.Second
	wireAgain    = 500 * time.Millisecond
	wireLogEvery = 10 * time.Second
)

// wire carries to the other instances, at once, what they would find in the database a second later. It is Redis, through
// the broker of the engine. Who is connected here never waits for it: they are told first, and what Redis does not take is
// dropped. So it may be absent, go away, lose everything and come back, and nobody's page stands still for longer than a
// second; docs/adr says why.
//
//	down ──connected and subscribed──> up ──an error──> up, dropping ──it answers again──> up
type wire struct {
	me      string
	address conf.Secret
	log     *slog.Logger
	node    *centrifuge.Node
	arrive  func(channel string, data []byte)
	waiting chan letter
	said    atomic.Int64 // when a failure was last logged
	dropped prometheus.Counter
	up      prometheus.Gauge
}

type letter struct {
	From    string          `json:"from"`
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
	at      time.Time
}

func newWire(me uuid.UUID, address conf.Secret, log *slog.Logger, reg prometheus.Registerer) *wire {
	return &wire{
		me: me.String(), address: address, log: log, waiting: make(chan letter, wireWaiting),
		dropped: obs.Counter(reg, "rounds_live_wire_dropped_total", "Pushes that Redis did not take; the other instances found them in the database.").WithLabelValues(),
		up:      obs.Gauge(reg, "rounds_live_wire_up", "Whether this instance hears the others through Redis.").WithLabelValues(),
	}
}

// send hands something to the other instances, or drops it.
func (w *wire) send(channel string, data []byte) {
	if w.address == "" {
		return
	}
	select {
	case w.waiting <- letter{From: w.me, Channel: channel, Data: data, at: time.Now()}:
	default:
		w.dropped.Inc()
	}
}

// run connects, as often as it takes, and then carries. Without an address there is nothing to do.
func (w *wire) run(ctx context.Context) error {
	if w.address == "" {
		<-ctx.Done()
		return nil
	}
	for ctx.Err() == nil {
		broker, hangUp, err := w.connect(ctx)
		if err == nil {
			w.carry(ctx, broker)
			hangUp()
			return nil
		}
		w.complain("connect", err)
		w.empty()
		pause(ctx, wireAgain)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (w *wire) connect(ctx context.Context) (broker *centrifuge.RedisBroker, hangUp func(), err error) {
	shard, err := centrifuge.NewRedisShard(w.node, centrifuge.RedisShardConfig{
		Address: w.address.Reveal(), ConnectTimeout: wireTimeout, IOTimeout: wireTimeout,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("connect to Redis: %w", err)
	}
	broker, err = centrifuge.NewRedisBroker(w.node, centrifuge.RedisBrokerConfig{Prefix: wirePrefix, Shards: []*centrifuge.RedisShard{shard}, Name: wireChannel})
	if err != nil {
		shard.Close()
		return nil, nil, fmt.Errorf("make the broker: %w", err)
	}
	hangUp = func() {
		_ = broker.Close(context.WithoutCancel(ctx)) // it never fails
		shard.Close()
	}
	err = broker.RegisterBrokerEventHandler(w)
	if err == nil {
		err = broker.Subscribe(wireChannel)
	}
	if err != nil {
		hangUp()
		return nil, nil, fmt.Errorf("listen to Redis: %w", err)
	}
	w.up.Set(1)
	return broker, hangUp, nil // from here on the broker connects and subscribes again by itself
}

func (w *wire) carry(ctx context.Context, broker *centrifuge.RedisBroker) {
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-w.waiting:
			if time.Since(l.at) > wireTooOld {
				w.dropped.Inc()
				continue
			}
			text, err := json.Marshal(l)
			if err == nil {
				_, err = broker.Publish(wireChannel, text, centrifuge.PublishOptions{})
			}
			if err != nil {
				w.dropped.Inc()
				w.up.Set(0)
				w.complain("publish", err)
				continue
			}
			w.up.Set(1)
		}
	}
}

// empty drops what waits: by the time Redis is there the others know it.
func (w *wire) empty() {
	for {
		select {
		case <-w.waiting:
			w.dropped.Inc()
		default:
			return
		}
	}
}

// complain says now and then that Redis is away; each push would drown everything else.
func (w *wire) complain(what string, err error) {
	now, last := time.Now().UnixNano(), w.said.Load()
	if now-last > int64(wireLogEvery) && w.said.CompareAndSwap(last, now) {
		w.log.Warn("the wire between the instances is down; they read the log", "while", what, "error", err)
	}
}

// HandlePublication implements centrifuge.BrokerEventHandler: something came from an instance, perhaps from this one.
func (w *wire) HandlePublication(_ string, pub *centrifuge.Publication, _ centrifuge.StreamPosition, _ bool, _ *centrifuge.Publication) error {
	var l letter
	if err := json.Unmarshal(pub.Data, &l); err != nil {
		return fmt.Errorf("read a letter: %w", err)
	}
	if l.From != w.me {
		w.arrive(l.Channel, l.Data)
	}
	return nil
}

// HandleJoin implements centrifuge.BrokerEventHandler; there are none.
func (w *wire) HandleJoin(string, *centrifuge.ClientInfo) error { return nil }

// HandleLeave implements centrifuge.BrokerEventHandler; there are none.
func (w *wire) HandleLeave(string, *centrifuge.ClientInfo) error { return nil }

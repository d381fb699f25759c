package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/rounds-cme/rounds/kit/errs"
)

// Local is the set of services that run in this process. It is known before any of them starts, so
// that the order in which they start does not matter.
type Local struct{ doors map[string]*door }

// NewLocal makes the doors of the named services.
func NewLocal(services ...string) *Local {
	l := &Local{doors: map[string]*door{}}
	for _, name := range services {
		l.doors[name] = newDoor()
	}
	return l
}

// Listener is where the Server of a service accepts calls from this process; nil if it is not one
// of ours.
func (l *Local) Listener(service string) net.Listener {
	if d := l.door(service); d != nil {
		return d
	}
	return nil
}

func (l *Local) door(service string) *door {
	if l == nil {
		return nil
	}
	return l.doors[service]
}

// Dialer finds services for one caller: near, far or unassigned.
type Dialer struct {
	caller    string
	local     *Local
	addresses map[string]string
	identity  *Identity

	mu    sync.Mutex
	conns map[string]connection
}

// connection is one that somebody has to close.
type connection interface {
	grpc.ClientConnInterface
	io.Closer
}

// NewDialer makes the dialer of a service. A service in local is called in memory, else at its TCP address ("host:port", where host
// may be a name for several instances), or at several ("host:port,host:port"), else it is unassigned.
func NewDialer(caller string, local *Local, addresses map[string]string) *Dialer {
	return &Dialer{caller: caller, local: local, addresses: addresses, conns: map[string]connection{}}
}

// Proving makes a dialer prove the caller's name over TCP, and ask each peer to prove its own; nil: nobody proves anything.
func (d *Dialer) Proving(identity *Identity) *Dialer {
	d.identity = identity
	return d
}

// Dial never waits and never fails: a connection is made with the first call and again after it
// broke. An address that cannot be parsed answers as unassigned does, with the reason as the cause.
func (d *Dialer) Dial(service string) grpc.ClientConnInterface {
	d.mu.Lock()
	defer d.mu.Unlock()
	if conn := d.conns[service]; conn != nil {
		return conn
	}
	conn, err := d.connect(service)
	if err != nil {
		return unassigned{err}
	}
	d.conns[service] = conn
	return conn
}

// Close ends all connections of this dialer.
func (d *Dialer) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []error
	for name, conn := range d.conns {
		all = append(all, conn.Close())
		delete(d.conns, name)
	}
	return errors.Join(all...)
}

func (d *Dialer) connect(service string) (connection, error) {
	c := client{name: d.caller, deadline: Deadline}
	if door := d.local.door(service); door != nil {
		return &near{client: c, door: door}, nil
	}
	if address := d.addresses[service]; address != "" {
		return c.far(service, address, d.identity)
	}
	return nil, fmt.Errorf("service %q has no address", service)
}

// find says how the instances of a service are found: by a name that is looked up again and again, or by a list that stays.
func find(address string) (target string, found grpc.DialOption) {
	all := strings.Split(address, ",")
	if len(all) == 1 {
		return "dns:///" + address, grpc.EmptyDialOption{}
	}
	list := manual.NewBuilderWithScheme("list")
	var endpoints []resolver.Endpoint
	for _, one := range all {
		endpoints = append(endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: strings.TrimSpace(one)}}})
	}
	list.InitialState(resolver.State{Endpoints: endpoints})
	return "list:///" + address, grpc.WithResolvers(list)
}

// far connects over TCP. The peer has to prove the name of the service, whatever its address is.
func (c client) far(service, address string, identity *Identity) (connection, error) {
	secured := insecure.NewCredentials()
	if identity != nil {
		secured = identity.calls
	}
	target, found := find(address)
	conn, err := grpc.NewClient(target, found,
		grpc.WithTransportCredentials(secured), grpc.WithAuthority(service), grpc.WithNoProxy(),
		grpc.WithUnaryInterceptor(c.unary), grpc.WithStreamInterceptor(c.stream),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		// A peer that comes back is found within seconds; the default would wait up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", address, err)
	}
	return conn, nil
}

// unassigned is the third answer.
type unassigned struct{ reason error }

func (u unassigned) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return u.err()
}

func (u unassigned) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, u.err()
}

func (u unassigned) err() error {
	return errs.Wrap(u.reason, errs.Unavailable, errs.CodeUnavailable, errs.Absent)
}

// Package rpc is how the services of Rounds talk to each other over gRPC.
//
// Why a package around grpc-go: whether a peer is in the same process, on another machine or not
// there at all must make no difference to the code that calls it. A Dialer therefore has three
// answers behind one interface, and the same interceptors stand in front of all of them:
//
//	near        same process (Local): the interceptors and the copying of gRPC, without its HTTP/2
//	far         TCP address
//	unassigned  neither: every call answers Unavailable
//
// Each call carries the name of the calling service, the trace, and the token of the person asking
// if there is one; the server checks them against what the contract allows for that RPC
// (contract/access/v1). An RPC whose contract says nothing is refused.
//
// Over TCP both ends prove their names with certificates (Identity): a caller may only use a name that
// stands in its own. Without certificates a name is what the caller says it is; then the network
// between the services has to keep strangers out.
package rpc

import (
	"time"

	"google.golang.org/grpc"
)

// Service is an implementation with the description that the generated code has of it.
type Service struct {
	Desc *grpc.ServiceDesc
	Impl any
}

// What holds for every call unless the caller sets less.
const (
	Deadline   = 5 * time.Second
	MaxMessage = 12 << 20 // an upload of 10 MB with everything around it
)

// The metadata that every call carries.
const (
	metaCaller = "x-caller"
	metaTrace  = "x-trace"
	metaAuth   = "authorization"
	bearer     = "Bearer "
)

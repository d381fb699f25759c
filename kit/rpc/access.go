package rpc

import (
	"slices"
	"sort"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accesspb "github.com/rounds-cme/rounds/contract/access/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
)

// Words that stand in the place of a role in a contract.
const (
	Visitor = "visitor" // anybody, logged in or not
	Account = "account" // anybody who is logged in
)

// Access is who may call one RPC, as its contract says.
type Access struct {
	Method   string   // "/rounds.auth.v1.Auth/Permissions"
	Callers  []string // names of services; empty: any
	Roles    []string // empty: no person needed
	Declared bool     // false: the contract says nothing, so nobody may
}

// person reports whether somebody has to be logged in.
func (a Access) person() bool {
	return len(a.Roles) > 0 && !slices.Contains(a.Roles, Visitor)
}

// Check decides a call from a service on behalf of a person (nobody: logged is false).
func (a Access) Check(caller string, who token.Claims, logged bool) error {
	if !a.Declared {
		return errs.New(errs.Forbidden, "rpc.undeclared", "You may not do this.")
	}
	if caller == "" || (len(a.Callers) > 0 && !slices.Contains(a.Callers, caller)) {
		return errs.New(errs.Forbidden, "rpc.caller", "You may not do this.")
	}
	if !a.person() {
		return nil
	}
	if !logged {
		return errs.New(errs.Unauthenticated, "auth.required", "Please log in.")
	}
	if slices.Contains(a.Roles, Account) || who.Has(a.Roles...) {
		return nil
	}
	return errs.New(errs.Forbidden, "auth.role", "You may not do this.")
}

// AccessTable lists every RPC in the files, sorted by method, for the tests and the documentation.
func AccessTable(files *protoregistry.Files) []Access {
	var table []Access
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "rounds.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				table = append(table, accessOf(methods.Get(j)))
			}
		}
		return true
	})
	sort.Slice(table, func(i, j int) bool { return table[i].Method < table[j].Method })
	return table
}

func accessOf(m protoreflect.MethodDescriptor) Access {
	a := Access{Method: "/" + string(m.Parent().FullName()) + "/" + string(m.Name())}
	if !proto.HasExtension(m.Options(), accesspb.E_Allow) {
		return a
	}
	allow, ok := proto.GetExtension(m.Options(), accesspb.E_Allow).(*accesspb.Allow)
	if !ok {
		return a
	}
	a.Callers, a.Roles, a.Declared = allow.GetCallers(), allow.GetRoles(), true
	return a
}

// rules remembers the access of each method, because reading options is slow.
type rules struct {
	files *protoregistry.Files
	known sync.Map // full method → Access
}

func (r *rules) of(fullMethod string) Access {
	if a, ok := r.known.Load(fullMethod); ok {
		return a.(Access) //nolint:forcetypeassert // only this function stores
	}
	a := Access{Method: fullMethod}
	name := strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", ".")
	if d, err := r.files.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
		if m, ok := d.(protoreflect.MethodDescriptor); ok {
			a = accessOf(m)
		}
	}
	// Only methods that the server has reach this place, so strangers cannot make the map grow.
	r.known.Store(fullMethod, a)
	return a
}

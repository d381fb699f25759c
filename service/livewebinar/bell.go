package livewebinar

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
)

// bellChannel is what the bells of many people are told by between the instances; nobody can listen to it. A letter for each person
// would drown what rooms tell each other.
const bellChannel = "bell"

const mostBells = 1000

// Tell tells the pages of people how many notifications they have not seen, wherever they are connected.
func (a *rpc) Tell(_ context.Context, q *livewebinarpb.TellRequest) (*livewebinarpb.TellResponse, error) {
	if len(q.GetPeople()) > mostBells {
		return nil, errs.New(errs.Invalid, "bell.too_many", "At most 1000 people can be told at once.")
	}
	a.ring(q)
	text, err := protojson.Marshal(q)
	if err != nil {
		return nil, errInternal(err)
	}
	a.wire.send(bellChannel, text)
	return &livewebinarpb.TellResponse{}, nil
}

// ring tells those who are connected here.
func (s *server) ring(q *livewebinarpb.TellRequest) {
	for _, p := range q.GetPeople() {
		account, err := uuid.Parse(p.GetAccountId())
		if err != nil || len(s.node.Hub().UserConnections(account.String())) == 0 {
			continue
		}
		unseen := p.GetUnseen()
		s.hand(personChannel(account), &livewebinarpb.PersonPush{Unseen: &unseen})
	}
}

// rung is what another instance was asked to tell.
func (s *server) rung(data []byte) {
	q := &livewebinarpb.TellRequest{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, q); err != nil {
		s.log.Error("bells of another instance could not be read", "error", err)
		return
	}
	s.ring(q)
}

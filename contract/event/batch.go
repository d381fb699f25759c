package event

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// Pack puts notifications of the same news on the same channel together: path, end, topic and target are the news'. What all have in
// common is written once.
func Pack(all []*eventpb.Notification) *eventpb.NotificationBatch {
	first := all[0]
	b := &eventpb.NotificationBatch{
		Kind: first.GetKind(), Channel: first.GetChannel(), People: int32(len(all)), //nolint:gosec // A page.
		Common: &eventpb.Notification{
			Data: shared(all), Path: first.GetPath(), ExpiresAt: first.GetExpiresAt(), Topic: first.GetTopic(), Target: first.GetTarget(),
		},
	}
	for _, n := range all {
		own := &eventpb.Notification{
			Id: n.GetId(), DedupeKey: n.GetDedupeKey(), AccountId: n.GetAccountId(), Address: n.GetAddress(), Name: n.GetName(),
			Language: n.GetLanguage(), Zone: n.GetZone(),
		}
		for key, value := range n.GetData() {
			if _, same := b.GetCommon().GetData()[key]; !same {
				if own.Data == nil {
					own.Data = map[string]string{}
				}
				own.Data[key] = value
			}
		}
		b.Each = append(b.Each, own)
	}
	return b
}

// shared are the data that are the same for all.
func shared(all []*eventpb.Notification) map[string]string {
	same := map[string]string{}
	for key, value := range all[0].GetData() {
		everywhere := true
		for _, n := range all[1:] {
			if other, there := n.GetData()[key]; !there || other != value {
				everywhere = false
				break
			}
		}
		if everywhere {
			same[key] = value
		}
	}
	return same
}

// Unpack gives the notifications of a batch.
func Unpack(b *eventpb.NotificationBatch) []*eventpb.Notification {
	all := make([]*eventpb.Notification, 0, len(b.GetEach()))
	for _, own := range b.GetEach() {
		n := proto.CloneOf(b.GetCommon())
		if n == nil {
			n = &eventpb.Notification{}
		}
		proto.Merge(n, own)
		n.Kind, n.Channel = b.GetKind(), b.GetChannel()
		all = append(all, n)
	}
	return all
}

// Notifications reads what a message of the queues for the notification center tells, of one person or of many.
func Notifications(m proto.Message) ([]*eventpb.Notification, error) {
	switch m := m.(type) {
	case *eventpb.Notification:
		return []*eventpb.Notification{m}, nil
	case *eventpb.NotificationBatch:
		return Unpack(m), nil
	default:
		return nil, fmt.Errorf("a %s tells nobody anything", proto.MessageName(m))
	}
}

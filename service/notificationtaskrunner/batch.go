package notificationtaskrunner

import (
	"slices"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/queue"
)

// mostTogether is how many people are told by one message. More would save little, and be more in the hands of one sender when it dies.
const mostTogether = 50

// together puts what a page of people is told now on the same channel into messages for many: the queue, and not the mail server, is
// what ten thousand reminders would wait for. What waits for the end of somebody's quiet hours stays a message of its own. All
// messages are of one run, so they have priority and end in common.
func together(messages []queue.Message) []queue.Message {
	var put []queue.Message
	var channels []eventpb.Channel
	pages := map[eventpb.Channel][]queue.Message{}
	for _, m := range messages {
		n, ok := m.Payload.(*eventpb.Notification)
		if !ok || !m.DueAt.IsZero() {
			put = append(put, m)
			continue
		}
		channel := n.GetChannel()
		if pages[channel] == nil {
			channels = append(channels, channel)
		}
		pages[channel] = append(pages[channel], m)
	}
	for _, channel := range channels {
		for page := range slices.Chunk(pages[channel], mostTogether) {
			put = append(put, batch(page))
		}
	}
	return put
}

// batch makes one message of many. Its id is made of theirs.
func batch(page []queue.Message) queue.Message {
	if len(page) == 1 {
		return page[0]
	}
	var ids []byte
	var all []*eventpb.Notification
	for _, m := range page {
		if n, ok := m.Payload.(*eventpb.Notification); ok {
			ids, all = append(ids, n.GetId()...), append(all, n)
		}
	}
	one := page[0]
	one.ID, one.Payload = uuid.NewSHA1(namespace, ids), event.Pack(all)
	return one
}

package notificationtaskrunner

import (
	"slices"

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
	pages := map[eventpb.Channel][]*eventpb.Notification{}
	like := map[eventpb.Channel]queue.Message{}
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
		pages[channel], like[channel] = append(pages[channel], n), m
	}
	for _, channel := range channels {
		for page := range slices.Chunk(pages[channel], mostTogether) {
			m := like[channel]
			m.ID, m.Payload = event.NotificationID(page[0]), page[0]
			if len(page) > 1 {
				m.ID, m.Payload = event.BatchID(page), event.Pack(page)
			}
			put = append(put, m)
		}
	}
	return put
}

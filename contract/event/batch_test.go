package event_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// page is one piece of news for some people, one of whom is told something of their own, and one of whom has an entry less.
func page() []*eventpb.Notification {
	var all []*eventpb.Notification
	for i := range 50 {
		all = append(all, &eventpb.Notification{
			Id: []byte(fmt.Sprintf("%16d", i)), DedupeKey: fmt.Sprintf("run/%d/CHANNEL_EMAIL", i), AccountId: fmt.Sprint(i), Channel: eventpb.Channel_CHANNEL_EMAIL, Kind: "webinar.reminder",
			Address: fmt.Sprintf("%d@rounds.example", i), Name: fmt.Sprintf("Person %d", i), Language: "sl", Zone: "Europe/Ljubljana",
			Data:  map[string]string{"title": "Sepsis in the first hour: what the guideline really says", "lecturer": "Dr L", "starts_at": "2036-11-26T17:00:00Z", "minutes": "60", "place": "same"},
			Path:  "/webinars/sepsis-in-the-first-hour",
			Topic: "webinar", Target: "00000000-0000-0000-0000-0000000000e1",
			ExpiresAt: timestamppb.New(time.Date(2036, 11, 26, 17, 0, 0, 0, time.UTC)),
		})
	}
	all[3].Data["title"] = "Three's own"
	delete(all[7].Data, "place")
	return all
}

func TestABatchIsItsNotifications(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 50} {
		want := page()[:size]
		b := event.Pack(want)
		if int(b.GetPeople()) != size {
			t.Errorf("%d people of %d", b.GetPeople(), size)
		}
		got := event.Unpack(b)
		for i := range want {
			if !proto.Equal(got[i], want[i]) {
				t.Errorf("of %d, %d is\n%v, not\n%v", size, i, got[i], want[i])
			}
		}
	}
	single, batch := 0, proto.Size(event.Pack(page()))
	for _, n := range page() {
		single += proto.Size(n)
	}
	if 10*batch > 6*single {
		t.Errorf("a batch has %d bytes, its notifications %d", batch, single)
	}
}

func TestWhatTellsNobody(t *testing.T) {
	t.Parallel()
	if _, err := event.Notifications(&eventpb.Activity{}); err == nil {
		t.Error("an activity tells somebody something")
	}
	if all, err := event.Notifications(&eventpb.NotificationBatch{}); err != nil || len(all) != 0 {
		t.Errorf("an empty batch: %v, %v", all, err)
	}
	if all := event.Unpack(&eventpb.NotificationBatch{Kind: "k", Each: []*eventpb.Notification{{Name: "Ana"}}}); len(all) != 1 || all[0].GetName() != "Ana" {
		t.Errorf("without anything in common: %v", all)
	}
}

func FuzzUnpack(f *testing.F) {
	whole, err := proto.Marshal(event.Pack(page()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := &eventpb.NotificationBatch{}
		if proto.Unmarshal(raw, b) != nil {
			return
		}
		if got := event.Unpack(b); len(got) != len(b.GetEach()) {
			t.Errorf("%d of %d", len(got), len(b.GetEach()))
		}
	})
}

package livewebinar

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
)

// activity makes the messages for the statistics. They carry a pseudonym and never a name. Their ids follow from what
// they tell, so that the same thing told again after a crash counts once.
type activity struct {
	namer pseudonym.Namer
}

const activityQueue = "activity"

func (a activity) message(kind eventpb.ActivityKind, at time.Time, l *live, p room.Person, key string) (queue.Message, *eventpb.Activity) {
	id := a.namer.ID(p.Account, fmt.Sprintf("%s/%d/%s", l.Webinar, kind, key))
	payload := &eventpb.Activity{
		Id: id.String(), Kind: kind, At: timestamppb.New(at), Pseudonym: a.namer.Of(p.Account), Profession: p.Profession, Country: p.Country,
		WebinarId: l.Webinar.String(), Minute: number(int(at.Sub(l.Opened) / time.Minute)),
	}
	return queue.Message{ID: id, Queue: activityQueue, Payload: payload}, payload
}

func (a activity) joined(at time.Time, l *live, p room.Person, stream string) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_ROOM_JOINED, at, l, p, stream)
	return m
}

func (a activity) left(at time.Time, l *live, p room.Person, stream string) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_ROOM_LEFT, at, l, p, stream)
	return m
}

func (a activity) minute(at time.Time, l *live, p room.Person, minute int) queue.Message {
	m, payload := a.message(eventpb.ActivityKind_ACTIVITY_KIND_MINUTE_WATCHED, at, l, p, fmt.Sprint(minute))
	payload.Minute = number(minute)
	return m
}

func (a activity) chatSent(at time.Time, l *live, p room.Person, id uuid.UUID) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_CHAT_SENT, at, l, p, id.String())
	return m
}

func (a activity) checkAnswered(at time.Time, l *live, p room.Person, check int, latency time.Duration) queue.Message {
	m, payload := a.message(eventpb.ActivityKind_ACTIVITY_KIND_CHECK_ANSWERED, at, l, p, fmt.Sprint(check))
	payload.Amount = number(latency.Milliseconds())
	return m
}

func (a activity) checkMissed(at time.Time, l *live, p room.Person, check int) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_CHECK_MISSED, at, l, p, fmt.Sprint(check))
	return m
}

func (a activity) questionAsked(at time.Time, l *live, p room.Person, id uuid.UUID) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_QUESTION_ASKED, at, l, p, id.String())
	return m
}

// pollAnswered counts once for a poll, however often the answer is changed.
func (a activity) pollAnswered(at time.Time, l *live, p room.Person, poll int32) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_POLL_ANSWERED, at, l, p, fmt.Sprint(poll))
	return m
}

func (a activity) handRaised(at time.Time, l *live, p room.Person) queue.Message {
	m, _ := a.message(eventpb.ActivityKind_ACTIVITY_KIND_HAND_RAISED, at, l, p, fmt.Sprint(at.Unix()))
	return m
}

package livewebinar

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// checkOf has its times in UTC, so that evidence is the same bytes wherever it is written.
func checkOf(c store.ChecksOfManyRow) credit.Check {
	return credit.Check{Number: int(c.Number), Due: c.DueAt.UTC(), Sent: moment(c.SentAt), Delivered: moment(c.DeliveredAt), Answered: moment(c.AnsweredAt)}
}

// triesOf reads what connections prove that are gone.
func triesOf(text []byte) (presence.Tries, error) {
	var tries presence.Tries
	if err := json.Unmarshal(text, &tries); err != nil {
		return nil, fmt.Errorf("read the tries of a check: %w", err)
	}
	return tries, nil
}

func triesText(tries presence.Tries) ([]byte, error) {
	if len(tries) == 0 {
		return []byte("{}"), nil
	}
	return json.Marshal(tries) //nolint:wrapcheck // it says what it is
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func creditPB(c credit.Credit) *livewebinarpb.Credit {
	m := &livewebinarpb.Credit{
		Verdict: string(c.Verdict), WatchedSeconds: number(c.Watched), CreditableSeconds: number(c.Creditable),
		Percent: number(c.Percent), ChecksAnswered: number(c.Checks.Answered), ChecksMissed: number(c.Checks.Missed),
		WorthHundredths: number(c.Worth), ReachedAt: stamp(c.ReachedAt),
	}
	for _, r := range c.Reasons {
		m.Reasons = append(m.Reasons, &livewebinarpb.Reason{
			Code: string(r.Code), State: string(r.State), Have: number(r.Have), Of: number(r.Of), Need: number(r.Need), More: number(r.More),
		})
	}
	return m
}

// number fits what is bounded far below the limit anyway: seconds of a webinar, checks, points.
func number[T ~int | ~int64](n T) int32 {
	const most = 1<<31 - 1
	return int32(max(-most, min(most, int64(n)))) //nolint:gosec // clamped
}

func askedPB(a *room.Asked) *livewebinarpb.Check {
	if a == nil {
		return nil
	}
	return &livewebinarpb.Check{Number: number(a.Number), WindowSeconds: number(int(a.Window / time.Second)), LeftMs: number(a.Left.Milliseconds())}
}

// events translates the player's state; what is unknown is worth nothing.
func eventOf(p livewebinarpb.Player) (credit.Event, bool) {
	switch p {
	case livewebinarpb.Player_PLAYER_PLAYING:
		return credit.Playing, true
	case livewebinarpb.Player_PLAYER_PAUSED:
		return credit.Paused, true
	case livewebinarpb.Player_PLAYER_STALLED:
		return credit.Stalled, true
	case livewebinarpb.Player_PLAYER_LEFT:
		return credit.Left, true
	default:
		return "", false
	}
}

func roomStatusPB(row store.RoomListRow, present int, held bool) *livewebinarpb.RoomStatus {
	s := &livewebinarpb.RoomStatus{
		WebinarId: row.WebinarID.String(), Open: row.State == stateOpen, OpenedAt: stamp(row.OpenedAt), ClosedAt: stamp(moment(row.ClosedAt)),
		Viewers: row.Viewers,
	}
	if held && s.Open {
		s.Viewers = number(present)
	}
	return s
}

func parseIDs(texts []string) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(texts))
	for _, text := range texts {
		if id, err := uuid.Parse(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

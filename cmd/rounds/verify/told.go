package verify

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// namespace is that of the task runner: the id of a message is made of what happened, to whom it is told and how. It is written down
// a second time because it may never change, whatever becomes of the service.
//
//nolint:gochecknoglobals // A constant that Go cannot write as one.
var namespace = uuid.MustParse("6d0f2b1e-43c1-4f86-9d0b-6f8f3f6c1a52")

// occasions are the runs of one kind, by when they began.
type occasions []occasion

type occasion struct {
	id    string
	began time.Time
}

// of tells whether one of them is why a message was made. It is mostly the last that had begun.
func (o occasions) of(message uuid.UUID, account uuid.UUID, channel string, at time.Time) bool {
	from := sort.Search(len(o), func(n int) bool { return o[n].began.After(at) })
	for n := from - 1; n >= 0; n-- {
		if uuid.NewSHA1(namespace, []byte(o[n].id+"/"+account.String()+"/"+channel)) == message {
			return true
		}
	}
	return false
}

// told looks whether each record of a message comes from something that happened. Since its id is made of event, kind, person and channel,
// there can be no second one, unless somebody made one up under another id.
func told(ctx context.Context, tx pgx.Tx) (looked int, broken []string, err error) {
	runs, err := runsByKind(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	channels := map[string]string{"email": "CHANNEL_EMAIL", "site": "CHANNEL_SITE", "push": "CHANNEL_PUSH"}
	// A week of them; and a clock that was a little ahead confuses nothing.
	rows, err := tx.Query(ctx, `SELECT id, account_id, channel, kind, at + interval '10 seconds' FROM notificationcenter.delivery
		WHERE at > now() - interval '7 days' AND kind IN (SELECT kind FROM notificationtaskrunner.run)`)
	if err != nil {
		return 0, nil, fmt.Errorf("read deliveries: %w", err)
	}
	var id, account uuid.UUID
	var channel, kind string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &account, &channel, &kind, &at}, func() error {
		looked++
		if !runs[kind].of(id, account, channels[channel], at) {
			broken = append(broken, fmt.Sprintf("%s: %s by %s to account %s comes from nothing that happened", id, kind, channel, account))
		}
		return nil
	})
	return looked, broken, err
}

func runsByKind(ctx context.Context, tx pgx.Tx) (map[string]occasions, error) {
	rows, err := tx.Query(ctx, `SELECT kind, id, began_at FROM notificationtaskrunner.run ORDER BY began_at`)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	runs := map[string]occasions{}
	var kind string
	var one occasion
	_, err = pgx.ForEachRow(rows, []any{&kind, &one.id, &one.began}, func() error {
		runs[kind] = append(runs[kind], one)
		return nil
	})
	return runs, err
}

// Package activity tells the statistics what people do, without telling who they are.
//
// What changes something (a comment, a booking) is told in the transaction of the change, so that neither exists without the
// other. What changes nothing (an article that was read) is reported afterwards by the BFF, whose role may write nowhere.
//
//	a change  ──Tell, same transaction──┐
//	                                    ├──> queue "activity", under pseudonyms ──> statistics
//	a reading ──BFF──> ReportActivities ┘
//
// The ids of what is told follow from what it is, so that the same thing told twice counts once.
package activity

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	"github.com/rounds-cme/rounds/kit/queue"
)

const queueName = "activity"

// Doing is one thing that somebody did.
type Doing struct {
	Kind    eventpb.ActivityKind
	Account uuid.UUID
	At      time.Time
	// Key tells it from everything else that this person did of this kind; without one its time does.
	Key              string
	Article, Webinar uuid.UUID // what it was about, if it was about one
	Amount           int64     // hundredths of a point
}

// Teller puts what was done into the queue of the statistics.
type Teller struct{ namer pseudonym.Namer }

// New makes a teller with the key of the pseudonyms.
func New(key string) Teller { return Teller{namer: pseudonym.New(key)} }

// Tell tells in the transaction of what was done. One line at the end of a command is all that a subdomain needs:
//
//	return s.tell.Tell(ctx, w.Tx, activity.Doing{Kind: eventpb.ActivityKind_ACTIVITY_KIND_SUBSCRIBED, Account: who, At: now})
//
// Of an account that does not exist nothing is told.
func (t Teller) Tell(ctx context.Context, tx pgx.Tx, doings ...Doing) error {
	about, err := lookUp(ctx, tx, doings)
	if err != nil {
		return err
	}
	messages := make([]queue.Message, 0, len(about))
	for _, a := range about {
		messages = append(messages, t.message(doings[a.Nth-1], a))
	}
	if len(messages) == 0 {
		return nil
	}
	return queue.Put(ctx, tx, messages...)
}

// told is what the statistics may know of a person and of a subject.
type told struct {
	Nth                           int64
	Profession, Country, Category string
}

func lookUp(ctx context.Context, tx pgx.Tx, doings []Doing) ([]told, error) {
	var accounts, articles, webinars []uuid.UUID
	for _, d := range doings {
		accounts, articles, webinars = append(accounts, d.Account), append(articles, d.Article), append(webinars, d.Webinar)
	}
	rows, err := tx.Query(ctx, `SELECT d.nth, p.profession, p.country, coalesce(c.slug, '')
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS d (account, article, webinar, nth)
		JOIN datamanagement.account p ON p.id = d.account
		LEFT JOIN datamanagement.article a ON a.id = d.article
		LEFT JOIN datamanagement.webinar w ON w.id = d.webinar
		LEFT JOIN datamanagement.category c ON c.id = coalesce(a.category_id, w.category_id)
		ORDER BY d.nth`, accounts, articles, webinars)
	if err != nil {
		return nil, fmt.Errorf("look up who did something: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[told])
	if err != nil {
		return nil, fmt.Errorf("look up who did something: %w", err)
	}
	return found, nil
}

func (t Teller) message(d Doing, a told) queue.Message {
	key := d.Key
	if key == "" {
		key = d.At.UTC().Format(time.RFC3339Nano)
	}
	id := t.namer.ID(d.Account, fmt.Sprintf("%d/%s", d.Kind, key))
	return queue.Message{ID: id, Queue: queueName, Payload: &eventpb.Activity{
		Id: id.String(), Kind: d.Kind, At: timestamppb.New(d.At), Pseudonym: t.namer.Of(d.Account),
		Profession: a.Profession, Country: a.Country, Category: a.Category,
		ArticleId: name(d.Article), WebinarId: name(d.Webinar),
		Amount: int32(min(max(d.Amount, 0), math.MaxInt32)), //nolint:gosec // bounded
	}}
}

func name(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

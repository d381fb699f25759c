// Package preference keeps what people want to be told of, and how: by topic and channel, with exceptions for one webinar, category or
// lecturer; hours in which nothing may ring; a digest instead of single mails; a pause.
//
// Everything is on unless somebody said no, so that a new topic reaches people without a row for each. Here it is only decided what may be
// chosen and kept; the runner of notifications applies it when it makes messages.
//
//	                  exception (webinar, lecturer, category)
//	told? = the first of ─> topic  that says something, else on;   of changes at least site or e-mail
//	                        default
//
// The links in mails (kit/optout) stop one thing without a login: the signed token is the right to do so.
package preference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/preference/store"
)

// mostExceptions bounds what one account can make each page of a run read.
const mostExceptions = 200

type server struct {
	datamanagementpb.UnimplementedPreferencesServer

	db  *pgxpool.Pool
	now func() time.Time
	key optout.Key
}

// New wires the subdomain; key verifies the tokens of links in mails.
func New(d *run.Deps, key optout.Key) *run.Service {
	s := &server{db: d.DB, now: d.Now, key: key}
	return &run.Service{RPC: []rpc.Service{{Desc: &datamanagementpb.Preferences_ServiceDesc, Impl: s}}}
}

// wish is one command of one person, whose account is locked meanwhile.
type wish struct {
	command.Wish

	rows *store.Queries
	zone string
}

func (s *server) once(ctx context.Context, q command.Request, name string, answer proto.Message, do func(wish) error) error {
	return command.Desk{DB: s.db, Now: s.now}.Once(ctx, q, name, answer, func(w command.Wish) error {
		rows := store.New(w.Tx)
		who, err := rows.AccountLock(ctx, w.Who.Account)
		if errors.Is(err, pgx.ErrNoRows) {
			return field.None()
		}
		if err != nil {
			return fmt.Errorf("lock account: %w", err)
		}
		return do(wish{w, rows, who.Zone})
	})
}

// SavePreferences keeps one page of choices, all or nothing.
func (s *server) SavePreferences(ctx context.Context, q *datamanagementpb.SavePreferencesRequest) (*datamanagementpb.SavePreferencesResponse, error) {
	p, err := settings(q)
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SavePreferencesResponse{}
	return answer, s.once(ctx, q, "preference.save", answer, func(w wish) error {
		for _, c := range q.GetChoices() {
			if err := w.choose(ctx, Choice{c.GetTopic(), uuid.Nil, c.GetChannel()}, whole(c.GetOn())); err != nil {
				return err
			}
		}
		reached, err := w.reached(ctx, uuid.Nil)
		if err != nil {
			return err
		}
		if !reached {
			return unreached(Change)
		}
		p.AccountID, p.Now = w.Who.Account, w.Now
		if err := w.rows.SettingSave(ctx, p); err != nil {
			return fmt.Errorf("save setting: %w", err)
		}
		return nil
	})
}

// whole is what is kept for a whole topic: on is how it is without a word.
func whole(on bool) string {
	if on {
		return asTopic
	}
	return off
}

// settings checks all that was sent together. Each choice is a statement under the lock of the account, so there are no more than there is
// to choose: a thousand, sent by one person a few times at once, held every connection to the database.
func settings(q *datamanagementpb.SavePreferencesRequest) (store.SettingSaveParams, error) {
	if len(q.GetChoices()) > len(Topics())*len(Channels()) {
		return store.SettingSaveParams{}, errs.New(errs.Invalid, "preference.choices", "This is more than there is to choose. Load the page again.")
	}
	var f errs.Fields
	for _, c := range q.GetChoices() {
		field.Among(&f, "topic", c.GetTopic(), Topics()...)
		field.Among(&f, "channel", c.GetChannel(), Channels()...)
	}
	field.Among(&f, "article_digest", q.GetArticleDigest(), "off", "daily", "weekly")
	p := store.SettingSaveParams{ArticleDigest: q.GetArticleDigest()}
	p.QuietFrom, p.QuietTo = quiet(&f, q.GetQuietFrom(), q.GetQuietTo())
	return p, f.Err()
}

// PauseNotifications stops e-mail and push for a while.
func (s *server) PauseNotifications(ctx context.Context, q *datamanagementpb.PauseNotificationsRequest) (*datamanagementpb.PauseNotificationsResponse, error) {
	answer := &datamanagementpb.PauseNotificationsResponse{}
	return answer, s.once(ctx, q, "preference.pause", answer, func(w wish) error {
		until, err := day(q.GetUntil(), w.zone, w.Now)
		if err != nil {
			return err
		}
		if until != nil {
			answer.PausedUntil = timestamppb.New(*until)
		}
		if err := w.rows.SettingPause(ctx, store.SettingPauseParams{AccountID: w.Who.Account, PausedUntil: until, Now: w.Now}); err != nil {
			return fmt.Errorf("save pause: %w", err)
		}
		return nil
	})
}

// Except makes one thing an exception of its topic.
func (s *server) Except(ctx context.Context, q *datamanagementpb.ExceptRequest) (*datamanagementpb.ExceptResponse, error) {
	var f errs.Fields
	field.Among(&f, "topic", q.GetTopic(), Topics()...)
	field.Among(&f, "channel", q.GetChannel(), Channels()...)
	field.Among(&f, "choice", q.GetChoice(), on, off, asTopic)
	if err := f.Err(); err != nil {
		return nil, err
	}
	target, err := field.Known(q.GetTargetId())
	if err != nil {
		return nil, err
	}
	answer := &datamanagementpb.ExceptResponse{}
	return answer, s.once(ctx, q, "preference.except", answer, func(w wish) error {
		if q.GetChoice() != asTopic {
			if err := w.exception(ctx, q.GetTopic(), target); err != nil {
				return err
			}
		}
		if err := w.choose(ctx, Choice{q.GetTopic(), target, q.GetChannel()}, q.GetChoice()); err != nil {
			return err
		}
		reached, err := w.reached(ctx, target)
		if err == nil && q.GetTopic() == Change && !reached {
			return unreached("choice")
		}
		return err
	})
}

// exception checks that there may be one more, and of this.
func (w wish) exception(ctx context.Context, topic string, target uuid.UUID) error {
	named, err := w.rows.Target(ctx, target)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !slices.Contains(Targets(topic), named.Kind) {
		return field.None()
	}
	if err != nil {
		return fmt.Errorf("look for target: %w", err)
	}
	n, err := w.rows.ExceptionCount(ctx, w.Who.Account)
	if err != nil {
		return fmt.Errorf("count exceptions: %w", err)
	}
	if n >= mostExceptions {
		return errs.New(errs.Conflict, "preference.many", "You have 200 exceptions already. End some first.")
	}
	return nil
}

func (w wish) choose(ctx context.Context, c Choice, how string) error {
	return choose(ctx, w.rows, w.Who.Account, c, how, w.Now)
}

// choose keeps one choice, or forgets it.
func choose(ctx context.Context, rows *store.Queries, account uuid.UUID, c Choice, how string, now time.Time) error {
	if how == asTopic {
		err := rows.ChoiceClear(ctx, store.ChoiceClearParams{AccountID: account, Topic: c.Topic, TargetID: c.Target, Channel: c.Channel})
		if err != nil {
			return fmt.Errorf("clear choice: %w", err)
		}
		return nil
	}
	err := rows.ChoiceSet(ctx, store.ChoiceSetParams{
		AccountID: account, Topic: c.Topic, TargetID: c.Target, Channel: c.Channel, Enabled: how == on, Now: now,
	})
	if err != nil {
		return fmt.Errorf("set choice: %w", err)
	}
	return nil
}

// reached tells whether news of a change still reach this person somewhere.
func (w wish) reached(ctx context.Context, target uuid.UUID) (bool, error) {
	told, err := told(ctx, w.rows, w.Who.Account, Change, target)
	return told(Site) || told(Email), err
}

// told answers for each channel whether a person is told of a topic there, as far as its own rows say.
func told(ctx context.Context, rows *store.Queries, account uuid.UUID, topic string, target uuid.UUID) (func(channel string) bool, error) {
	choices, err := rows.Choices(ctx, store.ChoicesParams{AccountID: account, Topic: topic, TargetID: target})
	if err != nil {
		err = fmt.Errorf("read choices: %w", err)
	}
	return func(channel string) bool {
		answer := true
		for _, c := range choices {
			if c.Channel != channel {
				continue
			}
			if c.TargetID == target {
				return c.Enabled
			}
			answer = c.Enabled
		}
		return answer
	}, err
}

func unreached(name string) error {
	return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).
		Field(name, "preference.change", "Moved and cancelled webinars have to reach you: keep the site or e-mail.")
}

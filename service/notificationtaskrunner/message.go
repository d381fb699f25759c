package notificationtaskrunner

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// Where messages go. What stands on the site waits for no mail server.
const (
	sendQueue = "notification.send"
	siteQueue = "notification.site"
)

// namespace makes ids of messages from their dedupe keys: the same news for the same person on the same channel has the
// same id, whoever puts it and however often.
//
//nolint:gochecknoglobals // A constant that Go cannot write as one.
var namespace = uuid.MustParse("6d0f2b1e-43c1-4f86-9d0b-6f8f3f6c1a52")

// messageFor is what one person is told on one channel.
func messageFor(r store.RunTakeRow, n *news, p person, to way) queue.Message {
	m := &eventpb.Notification{
		DedupeKey: fmt.Sprintf("%s/%s/%s", r.ID, p.AccountID, to.channel), AccountId: p.AccountID.String(), Channel: to.channel,
		Kind: r.Kind, Name: p.Name, Language: p.Language, Zone: p.Zone, Data: n.data, Path: n.path, Topic: n.topic,
	}
	if own := n.own[p.AccountID]; len(own) > 0 {
		m.Data = map[string]string{}
		maps.Copy(m.Data, n.data)
		maps.Copy(m.Data, own)
	}
	if target := n.target(); target != uuid.Nil {
		m.Target = target.String()
	}
	put := message(m, p, r.ExpiresAt, n.priority)
	put.DueAt = to.due
	return put
}

func message(m *eventpb.Notification, p person, expires *time.Time, priority int16) queue.Message {
	if m.GetChannel() == eventpb.Channel_CHANNEL_EMAIL {
		m.Address = p.Email
	}
	id := uuid.NewSHA1(namespace, []byte(m.GetDedupeKey()))
	m.Id = id[:]
	put := queue.Message{
		ID: id, Queue: sendQueue, Payload: m, Priority: priority,
	}
	if m.GetChannel() == eventpb.Channel_CHANNEL_SITE {
		put.Queue = siteQueue
	}
	if expires != nil {
		put.ExpiresAt = *expires
		m.ExpiresAt = timestamppb.New(*expires)
	}
	return put
}

// quietReason is what a person is shown of a message that waits for the end of the quiet hours.
const quietReason = "quiet_hours"

// put hands messages over, and notes those that wait where their person sees it.
func (s *server) put(ctx context.Context, tx pgx.Tx, r store.RunTakeRow, messages []queue.Message) error {
	if err := queue.Put(ctx, tx, together(messages)...); err != nil {
		return err
	}
	waiting := store.PutOffParams{Kind: r.Kind, Reason: quietReason, ExpiresAt: r.ExpiresAt, Now: s.Now()}
	for _, one := range messages {
		n, ok := one.Payload.(*eventpb.Notification)
		if !ok || one.DueAt.IsZero() {
			continue
		}
		account, err := uuid.Parse(n.GetAccountId())
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		waiting.Ids, waiting.Accounts = append(waiting.Ids, one.ID), append(waiting.Accounts, account)
		waiting.Channels, waiting.Until = append(waiting.Channels, named(n.GetChannel())), append(waiting.Until, one.DueAt)
	}
	if len(waiting.Ids) == 0 {
		return nil
	}
	if err := store.New(tx).PutOff(ctx, waiting); err != nil {
		return fmt.Errorf("note what waits: %w", err)
	}
	return nil
}

// tasks handles mails with a secret link: one person, e-mail only, before everything else.
func (s *server) tasks(ctx context.Context) error {
	return s.Queue.Consume(ctx, "notification.task", queue.Options{Workers: 2}, func(ctx context.Context, batch []*queue.Delivery) error {
		for _, d := range batch {
			if err := s.task(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// linkTask is a task that carries the secret of a link.
type linkTask interface {
	accountTask
	GetSecret() string
	GetExpiresAt() *timestamppb.Timestamp
}

// accountTask is a task about one account.
type accountTask interface{ GetAccountId() string }

func (s *server) task(ctx context.Context, d *queue.Delivery) error {
	m, err := d.Message()
	if err != nil {
		d.Bury(err)
		return nil
	}
	kind, path := "", ""
	switch m.(type) {
	case *eventpb.ConfirmEmail:
		kind, path = "account.confirm", "/confirm?secret="
	case *eventpb.ResetPassword:
		kind, path = "account.reset", "/reset?secret="
	case *eventpb.AlreadyRegistered:
		kind, path = "account.exists", "/forgot"
	default:
		d.Bury(fmt.Errorf("no handler for %T", m))
		return nil
	}
	task, ok := m.(accountTask)
	if !ok {
		return fmt.Errorf("%T is about no account", m)
	}
	var expires *time.Time // never
	if link, ok := m.(linkTask); ok {
		path += link.GetSecret()
		expires = timeOf(link.GetExpiresAt())
	}
	account, err := uuid.Parse(task.GetAccountId())
	if err != nil {
		d.Bury(fmt.Errorf("read account: %w", err))
		return nil
	}
	return db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		people, err := only(store.New(tx), account)(ctx, uuid.Nil, 1)
		if err != nil || len(people) == 0 {
			return err // An account that was closed meanwhile gets no mail.
		}
		p := people[0]
		if expires != nil { // Nobody has proved yet that the address is theirs: what a stranger typed as a name would be a letter of ours.
			p.Name = ""
		}
		return queue.Put(ctx, tx, message(&eventpb.Notification{
			DedupeKey: kind + "/" + d.ID.String(), AccountId: p.AccountID.String(), Channel: eventpb.Channel_CHANNEL_EMAIL,
			Kind: kind, Name: p.Name, Language: p.Language, Zone: p.Zone, Path: path,
		}, p, expires, nowPriority))
	})
}

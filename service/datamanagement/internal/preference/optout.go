package preference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/preference/store"
)

// ShowOptout tells what a link would stop, and for whom.
func (s *server) ShowOptout(ctx context.Context, q *datamanagementpb.ShowOptoutRequest) (*datamanagementpb.ShowOptoutResponse, error) {
	c, err := s.choiceOf(q.GetToken())
	if err != nil {
		return nil, err
	}
	scope, err := scopeOf(ctx, store.New(s.db), c)
	return &datamanagementpb.ShowOptoutResponse{Scope: scope}, err
}

// Optout stops what a link names. The one click of a mail program may come several times, and years later.
func (s *server) Optout(ctx context.Context, q *datamanagementpb.OptoutRequest) (*datamanagementpb.OptoutResponse, error) {
	scope, err := s.turn(ctx, q.GetToken(), off)
	return &datamanagementpb.OptoutResponse{Scope: scope}, err
}

// UndoOptout has it come again.
func (s *server) UndoOptout(ctx context.Context, q *datamanagementpb.UndoOptoutRequest) (*datamanagementpb.UndoOptoutResponse, error) {
	scope, err := s.turn(ctx, q.GetToken(), on)
	return &datamanagementpb.UndoOptoutResponse{Scope: scope}, err
}

func (s *server) turn(ctx context.Context, token, how string) (*datamanagementpb.OptoutScope, error) {
	c, err := s.choiceOf(token)
	if err != nil {
		return nil, err
	}
	var scope *datamanagementpb.OptoutScope
	return scope, db.Tx(ctx, s.db, func(tx pgx.Tx) error {
		rows := store.New(tx)
		if _, err := rows.AccountLock(ctx, c.Account); err != nil {
			return missing(err)
		}
		if how == on && c.Target == uuid.Nil {
			how = asTopic // On is how a topic is without a word.
		}
		if err := choose(ctx, rows, c.Account, Choice{c.Topic, c.Target, c.Channel}, how, s.now()); err != nil {
			return err
		}
		moved, err := s.keepChange(ctx, rows, c)
		if err != nil {
			return err
		}
		if scope, err = scopeOf(ctx, rows, c); err == nil {
			scope.OnSiteInstead = moved
		}
		return err
	})
}

// keepChange has changes shown on the site where they would reach somebody nowhere: who presses the button of a mail gets no more
// mails, and still hears that a webinar does not take place.
func (s *server) keepChange(ctx context.Context, rows *store.Queries, c optout.Choice) (moved bool, err error) {
	if c.Topic != Change {
		return false, nil
	}
	told, err := told(ctx, rows, c.Account, Change, c.Target)
	if err != nil || told(Site) || told(Email) {
		return false, err
	}
	how := asTopic
	if c.Target != uuid.Nil {
		how = on
	}
	return true, choose(ctx, rows, c.Account, Choice{Change, c.Target, Site}, how, s.now())
}

// choiceOf reads a token. Why one is refused is not said: it helps only those who make them up.
func (s *server) choiceOf(token string) (optout.Choice, error) {
	c, err := s.key.Verify(token)
	if err != nil || !slices.Contains(Topics(), c.Topic) || !slices.Contains(Channels(), c.Channel) {
		return c, noToken()
	}
	return c, nil
}

func noToken() error {
	return errs.New(errs.NotFound, "optout.token", "This link is not one of ours, or not whole. Open the link in the mail again, or change what you are told on your page.")
}

// missing is for an account that was closed: nothing is sent to it any more, and its token says nothing.
func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return noToken()
	}
	return fmt.Errorf("read account: %w", err)
}

func scopeOf(ctx context.Context, rows *store.Queries, c optout.Choice) (*datamanagementpb.OptoutScope, error) {
	email, err := rows.AccountEmail(ctx, c.Account)
	if err != nil {
		return nil, missing(err)
	}
	told, err := told(ctx, rows, c.Account, c.Topic, c.Target)
	if err != nil {
		return nil, err
	}
	scope := &datamanagementpb.OptoutScope{Topic: c.Topic, Channel: c.Channel, MaskedEmail: mask(email), Stopped: !told(c.Channel)}
	if c.Target == uuid.Nil {
		return scope, nil
	}
	named, err := rows.Target(ctx, c.Target)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read target: %w", err)
	}
	scope.TargetKind, scope.TargetEn, scope.TargetSl = named.Kind, named.NameEn, named.NameSl
	return scope, nil
}

// mask shows of an address what its owner knows it by.
func mask(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	_, size := utf8.DecodeRuneInString(local)
	return local[:size] + "…@" + domain
}

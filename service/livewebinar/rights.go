package livewebinar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/room"
	"github.com/rounds-cme/rounds/service/livewebinar/internal/store"
)

// rights are what an account may do in a webinar, as the accounts say now and not as a token said a while ago.
type rights struct {
	person        room.Person // with whether it is a host
	administrator bool
}

// rightsIn is the one place that decides who is who: members are let in, the lecturer, hosts and administrators are hosts.
func rightsIn(a store.DatamanagementLivewebinarAccount, lecturer *uuid.UUID) (rights, error) {
	if a.State != "approved" {
		return rights{}, errMembers()
	}
	r := rights{
		person:        room.Person{Account: a.AccountID, Name: a.Name, Profession: a.Profession, Country: a.Country},
		administrator: slices.Contains(a.Roles, "administrator"),
	}
	r.person.Host = r.administrator || slices.Contains(a.Roles, "host") || lecturer != nil && *lecturer == a.AccountID
	return r, nil
}

func errMembers() error {
	return errs.New(errs.Forbidden, "room.members", "Rooms are open to members whose proof was approved.")
}

func errHosts() error {
	return errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
}

// rights reads what an account may do in a webinar.
func (s *rooms) rights(ctx context.Context, lecturer *uuid.UUID, account uuid.UUID) (rights, error) {
	a, err := s.accounts.get(ctx, account)
	if err != nil {
		return rights{}, err
	}
	if a == nil {
		return rights{}, errMembers()
	}
	return rightsIn(*a, lecturer)
}

func (s *rooms) readAccounts(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*store.DatamanagementLivewebinarAccount, error) {
	rows, err := store.New(s.pool).AccountsOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	found := make(map[uuid.UUID]*store.DatamanagementLivewebinarAccount, len(rows))
	for i := range rows {
		found[rows[i].AccountID] = &rows[i]
	}
	return found, nil
}

// host lets nobody pass but hosts, also before the room is open.
func (s *rooms) host(ctx context.Context, webinar, account uuid.UUID) (rights, store.WebinarGetRow, error) {
	w, err := store.New(s.pool).WebinarGet(ctx, webinar)
	if errors.Is(err, pgx.ErrNoRows) {
		return rights{}, w, errNone()
	}
	if err != nil {
		return rights{}, w, fmt.Errorf("read webinar: %w", err)
	}
	r, err := s.rights(ctx, w.HostID, account)
	if err == nil && !r.person.Host {
		err = errHosts()
	}
	return r, w, err
}

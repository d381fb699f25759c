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
func rightsIn(account uuid.UUID, a store.AccountGetRow, lecturer *uuid.UUID) (rights, error) {
	if a.State != "approved" {
		return rights{}, errMembers()
	}
	r := rights{
		person:        room.Person{Account: account, Name: a.Name, Profession: a.Profession, Country: a.Country},
		administrator: slices.Contains(a.Roles, "administrator"),
	}
	r.person.Host = r.administrator || slices.Contains(a.Roles, "host") || lecturer != nil && *lecturer == account
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
	a, err := store.New(s.pool).AccountGet(ctx, account)
	if errors.Is(err, pgx.ErrNoRows) {
		return rights{}, errMembers()
	}
	if err != nil {
		return rights{}, fmt.Errorf("read account: %w", err)
	}
	return rightsIn(account, a, lecturer)
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

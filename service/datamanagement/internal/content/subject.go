package content

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/content/store"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
)

// SaveCategory makes or changes a category.
func (s *server) SaveCategory(ctx context.Context, q *datamanagementpb.SaveCategoryRequest) (*datamanagementpb.SaveCategoryResponse, error) {
	en, sl := field.Line(q.GetNameEn()), field.Line(q.GetNameSl())
	var f errs.Fields
	field.Between(&f, "name_en", en, 1, 80)
	field.Between(&f, "name_sl", sl, 1, 80)
	field.Slug(&f, q.GetSlug())
	if q.GetPosition() < 0 || q.GetPosition() > 1000 {
		f.Add("position", "content.position", "The position is a number from 0 to 1000.")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SaveCategoryResponse{}
	return answer, s.once(ctx, q, "content.save_category", answer, func(w command.Wish) error {
		rows := store.New(w.Tx)
		id, slug, err := saved(q.GetId(), s.newID, func(id uuid.UUID) (string, error) {
			return field.Free(q.GetSlug(), en, id, func(slug string) (int64, error) {
				return rows.CategoryInsert(ctx, store.CategoryInsertParams{ID: id, Slug: slug, NameEn: en, NameSl: sl, Position: q.GetPosition()})
			})
		}, func(id uuid.UUID) (string, error) {
			return rows.CategoryUpdate(ctx, store.CategoryUpdateParams{ID: id, NameEn: en, NameSl: sl, Position: q.GetPosition()})
		})
		answer.Id, answer.Slug = id, slug
		return err
	})
}

// SaveLecturer makes or changes a lecturer.
func (s *server) SaveLecturer(ctx context.Context, q *datamanagementpb.SaveLecturerRequest) (*datamanagementpb.SaveLecturerResponse, error) {
	name, title, bio := field.Line(q.GetName()), field.Line(q.GetTitle()), field.Text(q.GetBio())
	var f errs.Fields
	field.Between(&f, "name", name, 1, 120)
	field.Between(&f, "title", title, 0, 160)
	field.Between(&f, "bio", bio, 0, 4000)
	field.Slug(&f, q.GetSlug())
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SaveLecturerResponse{}
	return answer, s.once(ctx, q, "content.save_lecturer", answer, func(w command.Wish) error {
		account, err := s.account(ctx, w, q.GetAccountId())
		if err != nil {
			return err
		}
		rows := store.New(w.Tx)
		id, slug, err := saved(q.GetId(), s.newID, func(id uuid.UUID) (string, error) {
			return field.Free(q.GetSlug(), name, id, func(slug string) (int64, error) {
				return rows.LecturerInsert(ctx, store.LecturerInsertParams{ID: id, Slug: slug, Name: name, Title: title, Bio: bio, AccountID: account})
			})
		}, func(id uuid.UUID) (string, error) {
			return rows.LecturerUpdate(ctx, store.LecturerUpdateParams{ID: id, Name: name, Title: title, Bio: bio, AccountID: account})
		})
		answer.Id, answer.Slug = id, slug
		return err
	})
}

func (s *server) account(ctx context.Context, w command.Wish, name string) (*uuid.UUID, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no account is an answer
	}
	id, wrong := uuid.Parse(name)
	exists, err := store.New(w.Tx).AccountExists(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("look for account: %w", err)
	}
	if wrong != nil || !exists {
		return nil, errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("account_id", "content.account", "There is no such account.")
	}
	return &id, nil
}

// saved inserts what has no id yet, and updates what has one.
func saved(name string, newID func() uuid.UUID, insert, update func(uuid.UUID) (string, error)) (id, slug string, err error) {
	if name == "" {
		made := newID()
		slug, err = insert(made)
		return made.String(), slug, err
	}
	old, err := field.Known(name)
	if err != nil {
		return "", "", err
	}
	slug, err = update(old)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", field.None()
	}
	return old.String(), slug, err
}

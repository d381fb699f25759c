package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/pseudonym"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/token"
)

// seeding fills an empty Rounds with the demo. What people do today goes through the same RPCs as a browser's; only what lies in the
// past (when somebody registered, when an article appeared) has no RPC and is set in the database, as its administrator.
//
// Every request has an id made from the item's name, so that a seeding that was interrupted is simply done again.
type seeding struct {
	data     *demo.Data
	first    time.Time // the first start, from which all times of the demo count
	admin    *pgx.Conn
	signer   *token.Signer
	tokens   *token.Verifier
	namer    pseudonym.Namer
	people   bffpb.PeopleClient
	content  bffpb.ContentClient
	webinars bffpb.WebinarsClient
	points   bffpb.PointsClient
}

// named makes ids from names: the same item has the same id in every demo.
//
//nolint:gochecknoglobals // A constant that Go cannot write as one.
var named = uuid.MustParse("a3b7c0de-5d0c-4f4e-9a52-0d3c9b1f6a10")

func idOf(kind, name string) uuid.UUID { return uuid.NewSHA1(named, []byte(kind+" "+name)) }

// seeded is the file that tells that the demo is complete.
const seeded = "demo.done"

// fillDemo fills an empty Rounds; one that has been filled, or is in use, is left as it is.
func (u *up) fillDemo(ctx context.Context) error {
	if !u.command.Demo {
		u.steps.note("not wanted")
		return nil
	}
	done := filepath.Join(u.directory.path, seeded)
	if _, err := os.Stat(done); err == nil {
		u.steps.note("there already")
		return nil
	}
	data, err := seed(ctx, u.cli, rpc.NewDialer("ssr", u.host.local, nil).Dial("bff"))
	if err != nil {
		return fmt.Errorf("fill in the demo (--demo=false starts without): %w", err)
	}
	u.steps.note("%s", summary(data))
	return os.WriteFile(done, []byte(data.Note+"\n"), 0o600)
}

func summary(data *demo.Data) string {
	return fmt.Sprintf("%d people, %d articles, %d comments, %d webinars", len(data.People), len(data.Articles), len(data.Comments), len(data.Webinars))
}

// seed fills in the demo through a bff.
func seed(ctx context.Context, cli *program, bff grpc.ClientConnInterface) (*demo.Data, error) {
	data, err := demo.Load()
	if err != nil {
		return nil, fmt.Errorf("the demo data: %w", err)
	}
	admin, err := pgx.Connect(ctx, cli.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("connect to fill in the demo: %w", err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	s := &seeding{
		data: data, first: time.Now().UTC(), admin: admin,
		signer: token.NewSigner(cli.Keys, time.Now), tokens: token.NewVerifier(cli.publicKeys(), time.Now),
		namer:  pseudonym.New(cli.Services.BFF.PseudonymKey.Reveal()),
		people: bffpb.NewPeopleClient(bff), content: bffpb.NewContentClient(bff),
		webinars: bffpb.NewWebinarsClient(bff), points: bffpb.NewPointsClient(bff),
	}
	for _, fill := range []func(context.Context) error{
		s.accounts, s.applicants, s.shelves, s.articles, s.comments, s.rules, s.programme, s.past, s.subscriptions, s.reading,
	} {
		if err := fill(ctx); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// accounts makes everybody who was approved long ago. All have the same password, so it is hashed once.
func (s *seeding) accounts(ctx context.Context) error {
	hash, err := password.New(rand.Reader).Hash(ctx, s.data.Password)
	if err != nil {
		return fmt.Errorf("hash the demo's password: %w", err)
	}
	for _, p := range s.data.People {
		if p.State != "approved" {
			continue
		}
		roles := p.Roles
		if roles == nil {
			roles = []string{}
		}
		_, err := s.admin.Exec(ctx, `INSERT INTO datamanagement.account (id, email, password_hash, name, profession, speciality,
			licence_number, country, language, zone, roles, state, consent_version, consent_at, created_at, email_confirmed_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'approved', '2026-11', $12, $12, $12, $12) ON CONFLICT DO NOTHING`,
			idOf("person", p.Key), p.Email, hash, p.Name, p.Profession, p.Speciality, p.Licence, p.Country, p.Language, p.Zone, roles,
			p.RegisteredAt(s.first))
		if err != nil {
			return fmt.Errorf("make account %s: %w", p.Key, err)
		}
	}
	return nil
}

// applicants register as anybody does, with their proofs; then time passes for them.
func (s *seeding) applicants(ctx context.Context) error {
	for _, p := range s.data.People {
		if p.State == "approved" {
			continue
		}
		proof, err := demo.Proof(p.Proof)
		if err != nil {
			return fmt.Errorf("open proof of %s: %w", p.Key, err)
		}
		_, err = s.people.Register(ctx, &bffpb.RegisterRequest{
			RequestId: idOf("register", p.Key).String(), Email: p.Email, Password: s.data.Password, Name: p.Name,
			Profession: p.Profession, Speciality: p.Speciality, LicenceNumber: p.Licence, Country: p.Country, Language: p.Language,
			Zone: p.Zone, Consent: true, Proof: &bffpb.Document{FileName: p.Proof, Content: proof},
		})
		if err != nil {
			return fmt.Errorf("register %s: %w", p.Key, err)
		}
		at := p.RegisteredAt(s.first)
		if err := s.history(ctx, `UPDATE datamanagement.account SET state = 'in_review', email_confirmed_at = $2, created_at = $2
			WHERE email = $1`, p.Email, at); err != nil {
			return err
		}
		if err := s.history(ctx, `UPDATE datamanagement.application SET submitted_at = $2
			WHERE account_id = (SELECT id FROM datamanagement.account WHERE email = $1)`, p.Email, at); err != nil {
			return err
		}
	}
	return nil
}

// shelves are categories and lecturers.
func (s *seeding) shelves(ctx context.Context) error {
	ctx, err := s.as(ctx, "administrator", token.Administrator)
	if err != nil {
		return err
	}
	for i, c := range s.data.Categories {
		_, err := s.content.SaveCategory(ctx, &bffpb.SaveCategoryRequest{
			RequestId: idOf("category", c.Slug).String(), NameEn: c.NameEN, NameSl: c.NameSL, Position: int32(i), Slug: c.Slug, //nolint:gosec // Six.
		})
		if err != nil {
			return fmt.Errorf("save category %s: %w", c.Slug, err)
		}
	}
	for _, l := range s.data.Lecturers {
		account := ""
		if l.Account != "" {
			account = idOf("person", l.Account).String()
		}
		_, err := s.content.SaveLecturer(ctx, &bffpb.SaveLecturerRequest{
			RequestId: idOf("lecturer", l.Slug).String(), Name: l.Name, Title: l.Title, Bio: l.Bio, AccountId: account, Slug: l.Slug,
		})
		if err != nil {
			return fmt.Errorf("save lecturer %s: %w", l.Slug, err)
		}
	}
	return nil
}

func (s *seeding) articles(ctx context.Context) error {
	ctx, err := s.as(ctx, "administrator", token.Administrator)
	if err != nil {
		return err
	}
	for _, a := range s.data.Articles {
		var category uuid.UUID
		if err := s.admin.QueryRow(ctx, "SELECT id FROM datamanagement.category WHERE slug = $1", a.Category).Scan(&category); err != nil {
			return fmt.Errorf("find category %s: %w", a.Category, err)
		}
		saved, err := s.content.SaveArticle(ctx, &bffpb.SaveArticleRequest{
			RequestId: idOf("article", a.Slug).String(), Kind: a.Kind, Language: a.Language, CategoryId: category.String(), Byline: a.Author,
			Disclosure: a.Disclosure, Title: a.Title, Summary: a.Summary, Body: a.Body, Slug: a.Slug,
		})
		if err != nil {
			return fmt.Errorf("save article %s: %w", a.Slug, err)
		}
		_, err = s.content.PublishArticle(ctx, &bffpb.PublishArticleRequest{
			RequestId: idOf("publish", a.Slug).String(), Id: saved.GetId(), Version: saved.GetVersion(),
		})
		if err != nil {
			return fmt.Errorf("publish article %s: %w", a.Slug, err)
		}
		if err := s.history(ctx, "UPDATE datamanagement.article SET published_at = $2, created_at = $2, updated_at = $2 WHERE id = $1",
			saved.GetId(), a.PublishedAt(s.first)); err != nil {
			return err
		}
	}
	return nil
}

// comments are written by their authors; the data have them in an order in which every answer follows what it answers.
func (s *seeding) comments(ctx context.Context) error {
	articles, written := map[string]demo.Article{}, map[string]string{}
	for _, a := range s.data.Articles {
		articles[a.Slug] = a
	}
	for _, c := range s.data.Comments {
		var article uuid.UUID
		if err := s.admin.QueryRow(ctx, "SELECT id FROM datamanagement.article WHERE slug = $1", c.Article).Scan(&article); err != nil {
			return fmt.Errorf("find article %s: %w", c.Article, err)
		}
		author, err := s.as(ctx, c.Person, token.Member)
		if err != nil {
			return err
		}
		added, err := s.content.AddComment(author, &bffpb.AddCommentRequest{
			RequestId: idOf("comment", c.Article+c.Key).String(), ArticleId: article.String(), ParentId: written[c.Parent], Body: c.Body,
		})
		if err != nil {
			return fmt.Errorf("add comment %s: %w", c.Key, err)
		}
		written[c.Key] = added.GetId()
		if err := s.history(ctx, "UPDATE datamanagement.comment SET created_at = $2 WHERE id = $1", added.GetId(),
			c.WrittenAt(articles[c.Article], s.first)); err != nil {
			return err
		}
	}
	return nil
}

// as is a context in which a person of the demo asks.
func (s *seeding) as(ctx context.Context, key string, roles ...string) (context.Context, error) {
	raw, err := s.signer.Sign(token.Claims{
		Account: idOf("person", key), Session: idOf("session", key), Roles: roles, Language: "en", Zone: "UTC",
		Issued: time.Now(), Expires: time.Now().Add(5 * time.Minute),
	})
	if err != nil {
		return nil, fmt.Errorf("sign for %s: %w", key, err)
	}
	claims, err := s.tokens.Verify(raw)
	if err != nil {
		return nil, fmt.Errorf("sign for %s: %w", key, err)
	}
	return token.With(ctx, claims), nil
}

var errNoRow = errors.New("what was just made is not there")

// history sets when something happened that in the demo lies in the past.
func (s *seeding) history(ctx context.Context, statement string, arguments ...any) error {
	tag, err := s.admin.Exec(ctx, statement, arguments...)
	if err != nil {
		return fmt.Errorf("set history: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errNoRow
	}
	return nil
}

package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/db/dbtest"
)

// shelf is a schema with one table, one window and one function.
func shelf() db.Schema {
	return db.Schema{Name: "shelf", Services: []string{"librarian", "reader"}, Files: fstest.MapFS{
		"0001_book.sql": {Data: []byte(`-- +goose Up
CREATE TABLE shelf.book (id int PRIMARY KEY, title text NOT NULL, lent int NOT NULL DEFAULT 0);
CREATE VIEW shelf.reader_book AS SELECT id, title FROM shelf.book;
GRANT USAGE ON SCHEMA shelf TO rounds_librarian, rounds_reader;
GRANT SELECT, INSERT, UPDATE ON shelf.book TO rounds_librarian;
GRANT SELECT ON shelf.reader_book TO rounds_reader;
`)},
	}}
}

func TestServiceHasOnlyItsRights(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, shelf())
	librarian, reader := database.Pool("librarian"), database.Pool("reader")
	if _, err := librarian.Exec(ctx, "INSERT INTO shelf.book (id, title) VALUES (1, 'Anatomy')"); err != nil {
		t.Fatalf("the owner's service cannot write: %v", err)
	}
	var title string
	if err := reader.QueryRow(ctx, "SELECT title FROM shelf.reader_book").Scan(&title); err != nil || title != "Anatomy" {
		t.Fatalf("reader sees %q, %v", title, err)
	}
	const insufficientPrivilege = "42501"
	for _, statement := range []string{
		"SELECT title FROM shelf.book", "UPDATE shelf.reader_book SET title = 'x'", "CREATE TABLE shelf.own (id int)",
		"CREATE TABLE public.own (id int)", "SET ROLE shelf_owner", "DROP TABLE shelf.book",
	} {
		if _, err := reader.Exec(ctx, statement); db.Code(err) != insufficientPrivilege {
			t.Errorf("%s: want refused, got %v", statement, err)
		}
	}
	if _, err := librarian.Exec(ctx, "DELETE FROM shelf.book"); db.Code(err) != insufficientPrivilege {
		t.Errorf("delete was never granted, got %v", err)
	}
}

func TestMigrateAgainAndTogether(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, shelf())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := db.Migrate(context.Background(), database.AdminURL(), db.NoPassword, shelf()); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	group.Wait()
}

// TestPendingIsWhatMigrateDoes: all of it before, nothing after, and what a new version brings.
func TestPendingIsWhatMigrateDoes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t, shelf())
	url := database.AdminURL()
	if steps, err := db.Pending(ctx, url, shelf()); err != nil || len(steps) != 0 {
		t.Errorf("after all: %v, %v", steps, err)
	}
	next := shelf()
	files, ok := next.Files.(fstest.MapFS)
	if !ok {
		t.Fatal("not the files that were made")
	}
	files["0002_author.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE shelf.book ADD author text;\n")}
	other := db.Schema{Name: "cellar", Files: fstest.MapFS{"0001_wine.sql": {Data: []byte("-- +goose Up\nCREATE TABLE cellar.wine ();\n")}}}
	for range 2 { // looking does nothing
		steps, err := db.Pending(ctx, url, next, other)
		if want := []db.Step{{Schema: "shelf", File: "0002_author.sql"}, {Schema: "cellar", File: "0001_wine.sql"}}; err != nil || !slices.Equal(steps, want) {
			t.Errorf("%v, %v; want %v", steps, err, want)
		}
	}
	if steps, err := db.Pending(ctx, strings.Replace(url, "?", "_not_there?", 1), next); err != nil || len(steps) != 2 {
		t.Errorf("without a database: %v, %v", steps, err)
	}
}

func TestTxRepeatsAfterDeadlock(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := dbtest.New(t, shelf()).Pool("librarian")
	if _, err := pool.Exec(ctx, "INSERT INTO shelf.book (id, title) VALUES (1, 'a'), (2, 'b')"); err != nil {
		t.Fatal(err)
	}
	// Two transactions take the same two rows in opposite order, and meet in the middle the first time.
	var meeting sync.WaitGroup
	meeting.Add(2)
	var met sync.Map
	lend := func(first, second int) error {
		return db.Tx(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE shelf.book SET lent = lent + 1 WHERE id = $1", first); err != nil {
				return err
			}
			if _, again := met.LoadOrStore(first, true); !again {
				meeting.Done()
				meeting.Wait()
			}
			_, err := tx.Exec(ctx, "UPDATE shelf.book SET lent = lent + 1 WHERE id = $1", second)
			return err
		})
	}
	failures := make(chan error, 2)
	go func() { failures <- lend(1, 2) }()
	go func() { failures <- lend(2, 1) }()
	if err := errors.Join(<-failures, <-failures); err != nil {
		t.Fatalf("a deadlock reached the caller: %v", err)
	}
	var lent int
	if err := pool.QueryRow(ctx, "SELECT sum(lent) FROM shelf.book").Scan(&lent); err != nil || lent != 4 {
		t.Fatalf("lent %d, want 4 (each exactly once); %v", lent, err)
	}
}

func TestTxRollsBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := dbtest.New(t, shelf()).Pool("librarian")
	refused := errors.New("refused")
	err := db.Tx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO shelf.book (id, title) VALUES (1, 'a')"); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatalf("got %v", err)
	}
	var count int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM shelf.book").Scan(&count); err != nil || count != 0 {
		t.Fatalf("%d rows stayed; %v", count, err)
	}
}

func TestListenWakesAfterConnectionLoss(t *testing.T) {
	t.Parallel()
	database := dbtest.New(t, shelf())
	pool := database.Pool("librarian")
	ctx, cancel := context.WithCancel(context.Background())
	woken := make(chan struct{}, 100)
	ended := make(chan struct{})
	go func() {
		db.Listen(ctx, pool.Config().ConnConfig, "news", func() { woken <- struct{}{} })
		close(ended)
	}()
	<-woken // Connected.
	if _, err := pool.Exec(ctx, "NOTIFY news"); err != nil {
		t.Fatal(err)
	}
	<-woken
	if _, err := database.Admin().Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`); err != nil {
		t.Fatal(err)
	}
	<-woken // It came back, and looks at once for what it may have missed.
	cancel()
	<-ended
}

func TestCreateMakesADatabaseOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := dbtest.New(t)
	admin := database.Admin()
	name := strings.Replace(admin.Config().ConnConfig.Database, "test_", "created_", 1)
	address := strings.Replace(database.AdminURL(), "/test_", "/created_", 1)
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := db.Create(ctx, address); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := db.Create(ctx, "postgres://x@127.0.0.1:1/rounds"); err == nil {
		t.Error("created a database where no server is")
	}
}

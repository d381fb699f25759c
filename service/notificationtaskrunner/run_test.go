package notificationtaskrunner_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/queue"
)

// doomedDatabase tells the child process of the kill test where to work.
const doomedDatabase = "ROUNDS_TEST_DOOMED_DATABASE"

func TestMain(m *testing.M) {
	if url := os.Getenv(doomedDatabase); url != "" {
		pool, err := pgxpool.New(context.Background(), url)
		if err == nil {
			_, err = start(pool, 3)
		}
		if err != nil {
			panic(err)
		}
		fmt.Println("running")
		select {}
	}
	os.Exit(m.Run())
}

func reminder(w *world) *eventpb.ReminderDue {
	w.t.Helper()
	var at time.Time
	if err := w.admin.QueryRow(context.Background(), "SELECT starts_at FROM datamanagement.webinar").Scan(&at); err != nil {
		w.t.Fatal(err)
	}
	return &eventpb.ReminderDue{WebinarId: webinar, StartsAt: timestamppb.New(at), Sequence: 1}
}

// everybody checks that each of the people got one message on each of the two channels, and nobody else any.
func (w *world) everybody(kind string, people int) {
	w.t.Helper()
	got := map[string]int{}
	for _, n := range w.sent() {
		if n.GetKind() != kind {
			w.t.Errorf("told %s, want %s", n.GetKind(), kind)
		}
		got[n.GetAccountId()+n.GetChannel().String()]++
	}
	if len(got) != 2*people {
		w.t.Errorf("%d pairs of person and channel were told, want %d", len(got), 2*people)
	}
	for who, times := range got {
		if times != 1 {
			w.t.Errorf("%s was told %d times", who, times)
		}
	}
}

func TestReminderReachesEverySubscriberOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people(25, "webinar", webinar)
	w.people(20, "category", category)
	w.person(uuid.NewString(), "approved") // Not subscribed.
	w.instance(7)
	w.instance(7)
	due := reminder(w)
	w.tell("scheduler", due)
	w.tell("scheduler", due) // A repeated event tells nobody again.
	w.ended(1)
	w.everybody("webinar.reminder", 45)
	for _, n := range w.sent() {
		if !n.GetExpiresAt().AsTime().Equal(due.GetStartsAt().AsTime()) {
			t.Fatalf("a reminder expires at %s, want the start", n.GetExpiresAt().AsTime())
		}
		if email := n.GetChannel() == eventpb.Channel_CHANNEL_EMAIL; email != (n.GetAddress() != "") {
			t.Fatalf("channel %s has address %q", n.GetChannel(), n.GetAddress())
		}
	}
	later := reminder(w)
	later.Lead = 3600
	w.tell("scheduler", later) // The second reminder of the same webinar is news of its own.
	w.ended(2)
	if n := len(w.sent()); n != 180 {
		t.Errorf("%d messages for two reminders of 45 people on two channels", n)
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const people = 60
	w.people(people, "webinar", webinar)
	w.tell("scheduler", reminder(w))
	// Children work three people at a time and are killed with -9 while they are at it, again and again.
	for range 4 {
		before := w.number("SELECT coalesce(sum(told), 0) FROM notificationtaskrunner.run")
		child := exec.Command(os.Args[0]) //nolint:gosec,noctx // This very test.
		child.Env = append(os.Environ(), doomedDatabase+"="+w.database.URL("notificationtaskrunner"))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if !bufio.NewScanner(out).Scan() {
			t.Fatal("the child did not come up")
		}
		w.until("the child to tell somebody", func() bool {
			return w.number("SELECT coalesce(sum(told), 0) FROM notificationtaskrunner.run") > before || w.over()
		})
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
	}
	w.instance(500)
	w.ended(1)
	w.everybody("webinar.reminder", people)
}

func (w *world) over() bool {
	return w.number("SELECT count(*) FROM notificationtaskrunner.run WHERE ended_at IS NOT NULL") > 0
}

func TestWhatDoesNotHoldAnyMoreIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people(3, "webinar", webinar)
	due := reminder(w)
	w.exec("UPDATE datamanagement.webinar SET sequence = 2") // It was moved in the meantime.
	w.tell("scheduler", due)
	w.tell("datamanagement", &eventpb.WebinarCancelled{WebinarId: webinar, Sequence: 2}) // And is not cancelled at all.
	late := reminder(w)
	late.Sequence, late.StartsAt = 2, timestamppb.New(time.Now().Add(-time.Minute))
	w.tell("scheduler", late) // It has begun.
	w.instance(500)
	w.ended(3)
	if sent := w.sent(); len(sent) != 0 {
		t.Fatalf("told %v", sent)
	}
}

func TestPersonalNewsReachOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reader := uuid.NewString()
	w.person(reader, "approved")
	w.people(2, "category", category)
	comment, reply, own := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, c := range [][3]any{{comment, reader, nil}, {reply, author, comment}, {own, reader, comment}} {
		w.exec(`INSERT INTO datamanagement.comment (id, article_id, account_id, parent_id, body, created_at)
			VALUES ($1, $2, $3, $4, 'text', now())`, c[0], article, c[1], c[2])
	}
	w.instance(500)
	w.tell("datamanagement", &eventpb.CommentAdded{CommentId: comment, ArticleId: article, AccountId: reader})
	w.tell("datamanagement", &eventpb.CommentAdded{CommentId: own, ArticleId: article, AccountId: reader, ParentId: comment})
	w.tell("datamanagement", &eventpb.CommentAdded{CommentId: reply, ArticleId: article, AccountId: author, ParentId: comment})
	w.tell("datamanagement", &eventpb.PointsBooked{BookingId: uuid.NewString(), AccountId: reader, WebinarId: webinar, Hundredths: 150})
	w.tell("datamanagement", &eventpb.ArticlePublished{ArticleId: article, CategoryId: category, Version: 2})
	w.ended(3)
	kinds := map[string]int{}
	for _, n := range w.sent() {
		if n.GetAccountId() != reader {
			t.Errorf("%s was told %s", n.GetAccountId(), n.GetKind())
		}
		kinds[n.GetKind()]++
	}
	if len(kinds) != 2 || kinds["comment.reply"] != 2 || kinds["points.booked"] != 2 {
		t.Fatalf("told %v: a first comment, a reply to oneself and a corrected article are no news", kinds)
	}
}

func TestTaskBecomesOneUrgentMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.instance(500)
	ctx := context.Background()
	task := queue.Message{ID: uuid.New(), Queue: "notification.task", Payload: &eventpb.ResetPassword{
		AccountId: author, Secret: "s3cret", ExpiresAt: timestamppb.New(time.Now().Add(time.Hour)),
	}}
	err := db.Tx(ctx, w.database.Pool("auth"), func(tx pgx.Tx) error { return queue.Put(ctx, tx, task) })
	if err != nil {
		t.Fatal(err)
	}
	w.until("the mail", func() bool { return len(w.sent()) > 0 })
	sent := w.sent()
	if len(sent) != 1 || sent[0].GetKind() != "account.reset" || sent[0].GetPath() != "/reset?secret=s3cret" {
		t.Fatalf("put %v", sent)
	}
	w.until("the secret to be gone with its task", func() bool {
		return w.number("SELECT count(*) FROM queue.message WHERE queue = 'notification.task'") == 0
	})
}

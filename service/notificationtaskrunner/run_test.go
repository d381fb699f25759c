package notificationtaskrunner_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
			_, err = start(pool, 3, time.Now)
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

// everybody checks that each of the people got one message of a kind on each of the channels.
func (w *world) everybody(kind string, people int, channels ...eventpb.Channel) {
	w.t.Helper()
	got := map[string]int{}
	for _, n := range w.sent() {
		if n.GetKind() == kind && slices.Contains(channels, n.GetChannel()) {
			got[n.GetAccountId()+n.GetChannel().String()]++
		}
	}
	if len(got) != len(channels)*people {
		w.t.Errorf("%s: %d pairs of person and channel were told, want %d", kind, len(got), len(channels)*people)
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
	w.everybody("webinar.reminder", 45, eventpb.Channel_CHANNEL_SITE, eventpb.Channel_CHANNEL_EMAIL)
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
	w.exec("INSERT INTO notificationtaskrunner.digest_item SELECT account_id, $1, now() FROM datamanagement.subscription WHERE kind = 'webinar'", article)
	morning(w, time.Date(2036, 11, 26, 6, 0, 0, 0, time.UTC))
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
	w.ended(2)
	w.everybody("webinar.reminder", people, eventpb.Channel_CHANNEL_SITE, eventpb.Channel_CHANNEL_EMAIL)
	w.everybody("article.digest", people, eventpb.Channel_CHANNEL_EMAIL)
}

func (w *world) over() bool {
	return w.number("SELECT count(*) FROM notificationtaskrunner.run WHERE ended_at IS NULL") == 0
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
	refused := uuid.NewString()
	w.exec(`INSERT INTO datamanagement.attendance_result (webinar_id, account_id, seconds, creditable, checks_answered, checks_counted, qualified,
		hundredths, reasons, evidence_sha256, evidence, credit, at) VALUES ($1, $2, 0, 0, 0, 0, true, 150, '[]', '\x00', '{}', '{}', now()),
		($1, $3, 0, 0, 0, 0, false, 0, '[]', '\x00', '{}', '{}', now())`,
		webinar, reader, author)
	w.exec(`INSERT INTO datamanagement.agency_request (id, webinar_id, requested_by, requested_at, viewers, qualified, hundredths, state, answered_at, answered_on, answer)
		VALUES ($1, $2, $3, now(), 2, 1, 150, 'refused', now(), current_date, 'Too late.')`, refused, webinar, author)
	w.tell("datamanagement", &eventpb.PointsAnswered{RequestId: refused, WebinarId: webinar})
	w.tell("datamanagement", &eventpb.PointsAnswered{RequestId: uuid.NewString(), WebinarId: webinar, Accepted: true})
	w.tell("datamanagement", &eventpb.PointsBooked{BookingId: uuid.NewString(), AccountId: reader, WebinarId: webinar, Hundredths: 150})
	w.tell("datamanagement", &eventpb.ArticlePublished{ArticleId: article, CategoryId: category, Version: 2})
	w.ended(4)
	kinds := map[string]int{}
	for _, n := range w.sent() {
		if n.GetAccountId() != reader {
			t.Errorf("%s was told %s", n.GetAccountId(), n.GetKind())
		}
		if n.GetKind() == "points.refused" && (n.GetData()["hundredths"] != "150" || n.GetData()["reason"] != "Too late.") {
			t.Errorf("refused: %v", n.GetData())
		}
		kinds[n.GetKind()]++
	}
	if len(kinds) != 3 || kinds["points.refused"] != 2 || kinds["comment.reply"] != 2 || kinds["points.booked"] != 2 {
		t.Fatalf("told %v: a first comment, a reply to oneself and a corrected article are no news", kinds)
	}
}

// TestRunThatFailsHoldsUpNoOther has the two oldest runs fail each time, one of them with a panic; when what was wrong is mended they go on.
func TestRunThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec("REVOKE SELECT ON datamanagement.notificationtaskrunner_application FROM rounds_notificationtaskrunner")
	w.exec(`INSERT INTO notificationtaskrunner.run (id, kind, subject, began_at) VALUES
		('forbidden', 'account.approved', gen_random_uuid(), now() - interval '2 hours'),
		('nobody', 'points.booked', $1, now() - interval '1 hour')`, webinar)
	w.instance(500)
	w.tell("datamanagement", &eventpb.PointsBooked{BookingId: uuid.NewString(), AccountId: author, WebinarId: webinar, Hundredths: 150})
	w.ended(1)
	w.until("both to have failed", func() bool {
		return w.number("SELECT count(*) FROM notificationtaskrunner.run WHERE id IN ('forbidden', 'nobody') AND failures > 0 AND ended_at IS NULL") == 2
	})
	w.exec("GRANT SELECT ON datamanagement.notificationtaskrunner_application TO rounds_notificationtaskrunner")
	w.exec("UPDATE notificationtaskrunner.run SET person = $1, again_at = NULL WHERE id IN ('forbidden', 'nobody')", author)
	w.ended(3)
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
	if sent[0].GetName() != "" {
		t.Errorf("whoever typed %q would speak through us to an address that is not theirs", sent[0].GetName())
	}
	w.until("the secret to be gone with its task", func() bool {
		return w.number("SELECT count(*) FROM queue.message WHERE queue = 'notification.task'") == 0
	})
}

package notificationtaskrunner_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// run begins one as the event of its kind would.
func (w *world) run(id, kind, subject string, person *string, data string) {
	w.t.Helper()
	w.exec(`INSERT INTO notificationtaskrunner.run (id, kind, subject, person, data, began_at) VALUES ($1, $2, $3, $4, $5, now())`, id, kind, subject, person, data)
}

// of are the messages of a kind to one person.
func (w *world) of(kind, id string) (all []*eventpb.Notification) {
	w.t.Helper()
	for _, n := range w.sent() {
		if n.GetKind() == kind && n.GetAccountId() == id {
			all = append(all, n)
		}
	}
	return all
}

func TestDeadlinesAndAlarms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	starts := late().Add(10 * time.Minute)
	w.starting(starts)
	member, speaker, host, administrator, former := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, id := range []string{member, speaker, host, administrator} {
		w.person(id, "approved")
		w.set(id, true, "off", nil) // Quiet hours stop no alarm.
	}
	w.person(former, "rejected")
	w.exec(`UPDATE datamanagement.account SET roles = '{host}' WHERE id = $1`, host)
	w.exec(`UPDATE datamanagement.account SET roles = '{administrator}' WHERE id = ANY($1)`, []string{administrator, former})
	w.exec(`UPDATE datamanagement.lecturer SET account_id = $1`, speaker)

	due := time.Date(2036, 11, 27, 12, 0, 0, 0, time.UTC)
	w.tell("scheduler", &eventpb.HostsMissing{WebinarId: webinar, StartsAt: timestamppb.New(starts)})
	w.tell("scheduler", &eventpb.HostsMissing{WebinarId: webinar, StartsAt: timestamppb.New(starts.Add(-time.Hour))}) // before it was moved
	w.tell("scheduler", &eventpb.PointsDeadline{WebinarId: webinar, DueAt: timestamppb.New(due), Hours: 48})
	// The year ends with the last day of it, wherever one lives: midnight in Ljubljana is an hour before that of UTC.
	w.run("licence", "licence.deadline", member, &member, `{"ends_at": "2036-12-31T23:00:00Z", "days": "30", "missing": "450"}`)
	w.instanceAt(2, late)
	w.ended(4)

	for kind, wants := range map[string]map[string]string{
		"hosts.missing":    {speaker: "site, email", host: "site, email", administrator: "site, email"},
		"points.deadline":  {administrator: "site, email"},
		"licence.deadline": {member: "site, email at 05:30"},
	} {
		told := w.told(kind)
		for who, id := range map[string]string{"member": member, "speaker": speaker, "host": host, "administrator": administrator, "former": former} {
			if told[id] != wants[id] {
				t.Errorf("%s, %s: %q, want %q", kind, who, told[id], wants[id])
			}
		}
	}
	for _, n := range w.of("hosts.missing", speaker) {
		if n.GetPath() != "/webinars/sepsis/console" || n.GetTopic() != "" || n.GetData()["title"] != "Sepsis" || !n.GetExpiresAt().AsTime().Equal(starts.Add(15*time.Minute)) {
			t.Errorf("%v", n)
		}
	}
	for _, n := range w.of("points.deadline", administrator) {
		if n.GetPath() != "/backoffice/webinars/sepsis/points" || n.GetData()["hours"] != "48" || n.GetData()["due_at"] != due.Format(time.RFC3339) || !n.GetExpiresAt().AsTime().Equal(due) {
			t.Errorf("%v", n)
		}
	}
	for _, n := range w.of("licence.deadline", member) {
		if d := n.GetData(); d["ends_at"] != "2036-12-31" || d["days"] != "30" || d["missing"] != "450" || n.GetTopic() != "licence" {
			t.Errorf("%v", n)
		}
	}
}

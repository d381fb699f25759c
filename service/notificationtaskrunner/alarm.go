package notificationtaskrunner

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// stillWaiting is how long after the start of a webinar it helps to know that nobody is there to host it.
const stillWaiting = 15 * time.Minute

// licenceNews tells one person that a period of the licence ends and points are missing. The day is the last one on which they
// count, on the person's own calendar.
func (s *server) licenceNews(q *store.Queries, r store.RunTakeRow) *news {
	n := &news{
		data: map[string]string{"days": said(r.Data, "days"), "missing": said(r.Data, "missing")}, path: "/me", priority: laterPriority,
		topic: licenceTopic, until: moment(r.Data, "ends_at"), own: map[uuid.UUID]map[string]string{},
	}
	n.people = func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
		people, err := only(q, *r.Person)(ctx, after, most)
		for _, p := range people {
			zone := s.zones.Find(p.Zone)
			if zone == nil {
				zone = time.UTC
			}
			n.own[p.AccountID] = map[string]string{"ends_at": n.until.Add(-time.Second).In(zone).Format(time.DateOnly)}
		}
		return people, err
	}
	return n
}

// alarmNews are for those who run webinars; nobody has switched it off, because nobody else would act.
func alarmNews(ctx context.Context, q *store.Queries, r store.RunTakeRow) (*news, error) {
	w, err := q.Webinar(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read webinar: %w", err)
	}
	n := &news{priority: nowPriority}
	staff := store.StaffParams{Roles: []string{"administrator"}}
	switch r.Kind {
	case "points.deadline":
		n.data = map[string]string{"title": w.Title, "due_at": said(r.Data, "due_at"), "hours": said(r.Data, "hours")}
		n.path = "/backoffice/webinars/" + w.Slug + "/points"
	default:
		starts := moment(r.Data, "starts_at")
		if w.State == "cancelled" || w.State == "ended" || !w.StartsAt.Truncate(time.Second).Equal(starts) {
			return nil, errStale
		}
		n.data = map[string]string{"title": w.Title, "starts_at": said(r.Data, "starts_at")}
		n.path, n.expires = "/webinars/"+w.Slug+"/console", starts.Add(stillWaiting)
		staff.Roles, staff.WebinarID = []string{"administrator", "host"}, r.Subject
	}
	n.people = func(ctx context.Context, after uuid.UUID, most int32) ([]person, error) {
		staff.After, staff.Most = after, most
		rows, err := q.Staff(ctx, staff)
		return persons(rows, err, func(p store.StaffRow) person { return person(p) })
	}
	return n, nil
}

package licence

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/plan"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/licence/store"
)

// member is somebody for whom an end is near.
type member struct {
	store.MembersRow

	plan  plan.Plan
	zone  *time.Location
	today plan.Date
}

// notice is what one of them is told.
type notice struct {
	member   member
	deadline plan.Deadline
	distance int
}

// tell looks at the next page of members, and says how many were told.
func (s *server) tell(ctx context.Context, tx pgx.Tx, round store.RoundTakeRow) (int, error) {
	q := store.New(tx)
	rows, err := q.Members(ctx, store.MembersParams{After: round.After, Most: s.page})
	if err != nil {
		return 0, fmt.Errorf("list members: %w", err)
	}
	if len(rows) == 0 {
		return 0, q.RoundDone(ctx, store.RoundDoneParams{At: round.At, Now: s.Now()}) //nolint:wrapcheck // one statement
	}
	near, err := s.near(ctx, q, rows)
	if err != nil {
		return 0, err
	}
	notices, err := missing(ctx, q, near)
	if err != nil {
		return 0, err
	}
	told, err := s.add(ctx, tx, notices)
	if err != nil {
		return told, err
	}
	return told, q.RoundMove(ctx, store.RoundMoveParams{At: round.At, After: rows[len(rows)-1].ID}) //nolint:wrapcheck // one statement
}

// near leaves those out for whom nothing ends soon, whatever they have: their bookings need not be read.
func (s *server) near(ctx context.Context, q *store.Queries, rows []store.MembersRow) ([]member, error) {
	plans, err := plans(ctx, q)
	if err != nil {
		return nil, err
	}
	var near []member
	for _, row := range rows {
		asked, known := plans[row.Country]
		if !known {
			continue
		}
		zone := s.zones.Find(row.Zone)
		if zone == nil {
			zone = time.UTC
		}
		m := member{row, asked, zone, plan.On(s.Now().In(zone))}
		if len(asked.On(m.record(nil), m.today).Deadlines(farthest)) > 0 {
			near = append(near, m)
		}
	}
	return near, nil
}

// plans are what the countries ask for.
func plans(ctx context.Context, q *store.Queries) (map[string]plan.Plan, error) {
	rows, err := q.Plans(ctx)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	all := make(map[string]plan.Plan, len(rows))
	for _, row := range rows {
		asked, err := plan.Parse(row.Plan)
		if err != nil {
			return nil, fmt.Errorf("plan of %s: %w", row.Country, err)
		}
		all[row.Country] = asked
	}
	return all, nil
}

// record is what the plan is held against. It begins where it would with all bookings, also when they were not read.
func (m member) record(bookings []plan.Booking) plan.Record {
	record := plan.Assumed(plan.On(m.CreatedAt), bookings)
	if m.FirstDay.Valid && plan.On(m.FirstDay.Time).Before(record.Anchor) {
		record.Anchor = plan.On(m.FirstDay.Time)
	}
	return record
}

// missing is whom something is missing, and at which distance they are told.
func missing(ctx context.Context, q *store.Queries, near []member) ([]notice, error) {
	if len(near) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(near))
	for i, m := range near {
		ids[i] = m.ID
	}
	rows, err := q.Bookings(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read bookings: %w", err)
	}
	booked := map[uuid.UUID][]plan.Booking{}
	for _, row := range rows {
		booked[row.AccountID] = append(booked[row.AccountID], plan.Booking{On: plan.On(row.Day.Time), Points: credit.Points(row.Hundredths)})
	}
	var notices []notice
	for _, m := range near {
		for _, d := range m.plan.On(m.record(booked[m.ID]), m.today).Deadlines(farthest) {
			notices = append(notices, notice{m, d, distance(m.today.DaysUntil(d.Ends))})
		}
	}
	return notices, nil
}

// distance is the nearest one that is due when so many days are left.
func distance(left int) int {
	for _, d := range distances() {
		if left <= d {
			return d
		}
	}
	return farthest
}

// add writes down who is told, and tells those who were not told before.
func (s *server) add(ctx context.Context, tx pgx.Tx, notices []notice) (int, error) {
	if len(notices) == 0 {
		return 0, nil
	}
	rows := store.NoticesAddParams{Now: s.Now()}
	for _, n := range notices {
		rows.AccountIds = append(rows.AccountIds, n.member.ID)
		rows.EndsOn = append(rows.EndsOn, day(n.deadline.Ends))
		rows.Days = append(rows.Days, int16(n.distance))                     //nolint:gosec // one of three
		rows.Hundredths = append(rows.Hundredths, int32(n.deadline.Missing)) //nolint:gosec // a plan has at most 10,000 points
	}
	added, err := store.New(tx).NoticesAdd(ctx, rows)
	if err != nil {
		return 0, fmt.Errorf("write down who is told: %w", err)
	}
	type end struct {
		account uuid.UUID
		on      plan.Date
	}
	untold := make(map[end]bool, len(added))
	for _, row := range added {
		untold[end{row.AccountID, plan.On(row.EndsOn.Time)}] = true
	}
	for _, n := range notices {
		if !untold[end{n.member.ID, n.deadline.Ends}] {
			continue
		}
		if err := s.say(ctx, tx, n); err != nil {
			return 0, err
		}
	}
	return len(added), nil
}

func (s *server) say(ctx context.Context, tx pgx.Tx, n notice) error {
	e := n.deadline.Ends
	return s.Events.Append(ctx, tx, eventlog.Event{
		Stream: "account/" + n.member.ID.String(), ExpectedVersion: eventlog.Any,
		Message: &eventpb.LicenceDeadline{
			AccountId: n.member.ID.String(), EndsAt: timestamppb.New(time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, n.member.zone)),
			Days:              int32(n.member.today.DaysUntil(e)), //nolint:gosec // at most 90
			MissingHundredths: int32(n.deadline.Missing),          //nolint:gosec // a plan has at most 10,000 points
		},
	})
}

func day(d plan.Date) pgtype.Date {
	return pgtype.Date{Time: time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC), Valid: true}
}

package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rounds-cme/rounds/cmd/rounds/demo"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/contract/event"
	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/eventlog"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/rules/presence"
)

// past lets the webinars of the past have happened: rooms and who watched are written as the room writes them, then the end is told as
// the scheduler tells it. What it was worth, and what stands in the ledgers, the services work out themselves.
func (s *seeding) past(ctx context.Context) error {
	gone := []demo.Webinar{}
	for _, w := range s.data.Webinars {
		if w.Past() {
			gone = append(gone, w)
		}
	}
	// The first one first: a day's cap counts what was earned before.
	slices.SortFunc(gone, func(a, b demo.Webinar) int { return a.Starts.Days - b.Starts.Days })
	for i, w := range gone {
		if err := s.happened(ctx, w); err != nil {
			return fmt.Errorf("let webinar %s have happened: %w", w.Slug, err)
		}
		if i == len(gone)-1 {
			break // The last one waits for the administrator to request its points.
		}
		if err := s.credited(ctx, w); err != nil {
			return fmt.Errorf("request the points of webinar %s: %w", w.Slug, err)
		}
	}
	return s.appeals(ctx)
}

// appeals has people find their credit wrong, so that the administrator has somebody to answer.
func (s *seeding) appeals(ctx context.Context) error {
	for _, a := range s.data.Appeals {
		ctx, err := s.as(ctx, a.Person)
		if err != nil {
			return err
		}
		evidence, err := s.points.Evidence(ctx, &bffpb.PointsEvidenceRequest{Slug: a.Webinar})
		if err != nil {
			return fmt.Errorf("read what %s appeals against: %w", a.Person, err)
		}
		_, err = s.points.Appeal(ctx, &bffpb.PointsAppealRequest{
			RequestId: idOf("appeal", a.Webinar+a.Person).String(), WebinarId: evidence.GetWebinarId(), Reason: a.Reason, Words: a.Words,
		})
		if err != nil {
			return fmt.Errorf("appeal of %s: %w", a.Person, err)
		}
	}
	return nil
}

func (s *seeding) happened(ctx context.Context, w demo.Webinar) error {
	start, err := w.StartsAt(s.first)
	if err != nil {
		return err
	}
	end := start.Add(time.Duration(w.Minutes) * time.Minute)
	var id uuid.UUID
	var state string
	if err := s.admin.QueryRow(ctx, "SELECT id, state FROM datamanagement.webinar WHERE slug = $1", w.Slug).Scan(&id, &state); err != nil {
		return err
	}
	if state == "planned" {
		err := pgx.BeginFunc(ctx, s.admin, func(tx pgx.Tx) error {
			room, err := s.roomWas(ctx, tx, id, w.Slug, credit.Programme{Started: start, Ended: end})
			if err != nil {
				return err
			}
			if err := s.watched(ctx, tx, w, id, room); err != nil {
				return err
			}
			return s.told(ctx, tx, id, end)
		})
		if err != nil {
			return err
		}
	}
	return s.until(ctx, "its attendance is evaluated", "SELECT evaluated_at IS NOT NULL FROM datamanagement.webinar WHERE id = $1", id)
}

// pastRoom is what all viewers of a webinar have in common.
type pastRoom struct {
	programme credit.Programme
	seed      presence.Seed
	rule      credit.Rule
}

// roomWas makes the plan and the room what they are after an end. The seed follows from the name, so that every demo has the same
// results.
func (s *seeding) roomWas(ctx context.Context, tx pgx.Tx, id uuid.UUID, slug string, p credit.Programme) (pastRoom, error) {
	room := pastRoom{programme: p, seed: sha256.Sum256([]byte("demo " + slug))}
	for _, step := range []struct {
		statement string
		arguments []any
	}{
		{"UPDATE scheduler.timer SET state = 'cancelled' WHERE webinar_id = $1", []any{id}},
		{"UPDATE scheduler.plan SET starts_at = $2 WHERE webinar_id = $1", []any{id, p.Started}},
		{`UPDATE datamanagement.webinar w SET state = 'ended', starts_at = $2, started_at = $2, ended_at = $3, created_at = $4,
			frozen_rule = (SELECT r.rule || jsonb_build_object('version', r.version) FROM datamanagement.credit_rule r WHERE r.id = w.credit_rule_id)
			WHERE id = $1`, []any{id, p.Started, p.Ended, p.Started.AddDate(0, 0, -21)}},
		{`INSERT INTO livewebinar.room (webinar_id, state, opened_at, closed_at, seed, commitment, alive_at)
			VALUES ($1, 'closed', $2, $3, $4, $5, $3)`, []any{id, p.Started, p.Ended, room.seed[:], room.seed.Commitment()}},
	} {
		if _, err := tx.Exec(ctx, step.statement, step.arguments...); err != nil {
			return room, fmt.Errorf("%.40s: %w", step.statement, err)
		}
	}
	var frozen []byte
	if err := tx.QueryRow(ctx, "SELECT frozen_rule FROM datamanagement.webinar WHERE id = $1", id).Scan(&frozen); err != nil {
		return room, fmt.Errorf("read the frozen rule: %w", err)
	}
	rule, err := credit.ParseRule(frozen)
	room.rule = rule
	return room, err
}

// watched freezes who watched, and tells statistics of it.
func (s *seeding) watched(ctx context.Context, tx pgx.Tx, w demo.Webinar, id uuid.UUID, room pastRoom) error {
	var activity []queue.Message
	i := slices.IndexFunc(s.data.Attendance, func(a demo.Attendance) bool { return a.Webinar == w.Slug })
	if i < 0 {
		return nil
	}
	for _, v := range s.data.Attendance[i].Viewers {
		e := room.evidence(v)
		text, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write the evidence of %s: %w", v.Person, err)
		}
		hash := sha256.Sum256(text)
		_, err = tx.Exec(ctx, `INSERT INTO livewebinar.attendance (webinar_id, account_id, first_joined_at, seconds, evidence, sha256)
			VALUES ($1, $2, $3, $4, $5, $6)`, id, idOf("person", v.Person), e.Watched[0].From, int64(credit.Evaluate(e).Watched), text, hash[:])
		if err != nil {
			return fmt.Errorf("freeze the attendance of %s: %w", v.Person, err)
		}
		activity = append(activity, s.activityOf(v.Person, id, w.Category, e)...)
	}
	if _, err := tx.Exec(ctx, `UPDATE livewebinar.room SET viewers = $2 WHERE webinar_id = $1`, id, len(s.data.Attendance[i].Viewers)); err != nil {
		return fmt.Errorf("count viewers: %w", err)
	}
	return s.actAs(ctx, tx, "livewebinar", func() error { return queue.Put(ctx, tx, activity...) })
}

// evidence is a watch of the demo as a room would have kept it. Checks come when the seed says, to those who are there; the first are
// the missed ones, the others are answered within ten seconds.
func (r pastRoom) evidence(v demo.Watch) credit.Evidence {
	minute := func(n int) time.Time { return r.programme.Started.Add(time.Duration(n) * time.Minute) }
	e := credit.Evidence{Rule: r.rule, Programme: r.programme}
	for _, span := range v.Seen {
		e.Watched = append(e.Watched, credit.Interval{Span: credit.Span{From: minute(span[0]), To: minute(span[1])}, Device: "1"})
	}
	programme := credit.Union(credit.Span{From: r.programme.Started, To: r.programme.Ended})
	for i, due := range presence.Times(r.seed, idOf("person", v.Person).String(), programme, presence.For(r.rule)) {
		check := credit.Check{Number: i + 1, Due: due}
		there := func(w credit.Interval) bool { return !due.Before(w.From) && due.Before(w.To) }
		if slices.ContainsFunc(e.Watched, there) {
			check.Sent, check.Delivered = due, due.Add(time.Second)
			if v.Missed--; v.Missed < 0 {
				check.Answered = due.Add(9 * time.Second)
			}
		}
		e.Checks = append(e.Checks, check)
	}
	return e
}

// activityOf is what the room would have told statistics of one viewer.
func (s *seeding) activityOf(person string, webinar uuid.UUID, category string, e credit.Evidence) []queue.Message {
	var all []queue.Message
	tell := func(kind eventpb.ActivityKind, at time.Time, amount int32) {
		minute := small(int(at.Sub(e.Programme.Started) / time.Minute))
		all = append(all, s.activity(person, fmt.Sprint(webinar, kind, at.Unix()), &eventpb.Activity{
			Kind: kind, At: timestamppb.New(at), WebinarId: webinar.String(), Category: category, Minute: minute, Amount: amount,
		}))
	}
	for _, span := range e.Watched {
		tell(eventpb.ActivityKind_ACTIVITY_KIND_ROOM_JOINED, span.From, 0)
		for at := span.From; at.Before(span.To); at = at.Add(time.Minute) {
			tell(eventpb.ActivityKind_ACTIVITY_KIND_MINUTE_WATCHED, at, 0)
		}
		tell(eventpb.ActivityKind_ACTIVITY_KIND_ROOM_LEFT, span.To, 0)
	}
	for _, c := range e.Checks {
		switch {
		case c.Sent.IsZero(): // nobody was there to be asked
		case c.Answered.IsZero():
			tell(eventpb.ActivityKind_ACTIVITY_KIND_CHECK_MISSED, c.Delivered, 0)
		default:
			tell(eventpb.ActivityKind_ACTIVITY_KIND_CHECK_ANSWERED, c.Answered, small(int(c.Answered.Sub(c.Delivered).Milliseconds())))
		}
	}
	return all
}

func (s *seeding) activity(person, name string, a *eventpb.Activity) queue.Message {
	id := idOf("activity", person+name)
	a.Id, a.Pseudonym = id.String(), s.namer.Of(idOf("person", person))
	for _, p := range s.data.People {
		if p.Key == person {
			a.Profession, a.Country = p.Profession, p.Country
		}
	}
	return queue.Message{ID: id, Queue: "activity", Payload: a}
}

// told appends the end as the scheduler does.
func (s *seeding) told(ctx context.Context, tx pgx.Tx, id uuid.UUID, end time.Time) error {
	types := eventlog.Types{}
	for _, e := range event.Catalog() {
		types[e.Key] = e.Message
	}
	return s.actAs(ctx, tx, "scheduler", func() error {
		return eventlog.New(nil, nil, nil, types).Append(ctx, tx, eventlog.Event{
			Stream: "webinar/" + id.String(), ExpectedVersion: eventlog.Any,
			Message: &eventpb.WebinarEnded{WebinarId: id.String(), EndedAt: timestamppb.New(end)},
		})
	})
}

// actAs does something with the rights of a service, which is also whom the database remembers.
func (s *seeding) actAs(ctx context.Context, tx pgx.Tx, service string, do func() error) error {
	if _, err := tx.Exec(ctx, "SET LOCAL SESSION AUTHORIZATION rounds_"+service); err != nil {
		return fmt.Errorf("act as %s: %w", service, err)
	}
	if err := do(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "RESET SESSION AUTHORIZATION")
	return err
}

// credited has the administrator request the points and the agency accept them two days later.
func (s *seeding) credited(ctx context.Context, w demo.Webinar) error {
	ctx, err := s.as(ctx, "administrator", token.Administrator)
	if err != nil {
		return err
	}
	result, err := s.points.Webinar(ctx, &bffpb.PointsWebinarRequest{Slug: w.Slug})
	if err != nil || len(result.GetRequests()) > 0 || result.GetQualified() == 0 {
		return err
	}
	asked, err := s.points.Request(ctx, &bffpb.PointsRequestRequest{
		RequestId: idOf("points", w.Slug).String(), WebinarId: result.GetWebinarId(), Viewers: result.GetViewers(),
		Qualified: result.GetQualified(), Hundredths: result.GetHundredths(),
	})
	if err != nil {
		return err
	}
	day := result.GetStartsAt().AsTime().AddDate(0, 0, 2)
	_, err = s.points.Answer(ctx, &bffpb.PointsAnswerRequest{
		RequestId: idOf("answer", w.Slug).String(), Id: asked.GetId(), Accepted: true, Day: day.Format(time.DateOnly),
		Reference: "DEMO-" + day.Format("2006-002"),
	})
	return err
}

// reading tells statistics what was read in the weeks before.
func (s *seeding) reading(ctx context.Context) error {
	articles := map[string]uuid.UUID{}
	rows, err := s.admin.Query(ctx, "SELECT slug, id FROM datamanagement.article")
	if err != nil {
		return fmt.Errorf("list articles: %w", err)
	}
	var slug string
	var id uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&slug, &id}, func() error { articles[slug] = id; return nil }); err != nil {
		return fmt.Errorf("list articles: %w", err)
	}
	var all []queue.Message
	for _, r := range s.data.History(s.first) {
		all = append(all, s.activity(r.Person, r.Article+r.At.String(), &eventpb.Activity{
			Kind: eventpb.ActivityKind_ACTIVITY_KIND_ARTICLE_READ, At: timestamppb.New(r.At), ArticleId: articles[r.Article].String(),
		}))
	}
	return pgx.BeginFunc(ctx, s.admin, func(tx pgx.Tx) error {
		return s.actAs(ctx, tx, "livewebinar", func() error { return queue.Put(ctx, tx, all...) })
	})
}

// until waits for what a service does on its own.
func (s *seeding) until(ctx context.Context, what, question string, arguments ...any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, fmt.Errorf("waited 30 s until %s", what))
	defer cancel()
	for {
		var yes bool
		if err := s.admin.QueryRow(ctx, question, arguments...).Scan(&yes); err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if yes {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

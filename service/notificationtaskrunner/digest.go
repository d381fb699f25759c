package notificationtaskrunner

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationtaskrunner/internal/store"
)

// A digest is the articles that somebody did not hear of one by one, in one message at seven in the morning of their own clocks,
// each day or on Mondays.
//
//	article ──run──> item for each who wants a digest ──hour of the digest──> message, items gone: one transaction
const (
	digestKind   = "article.digest"
	digestHour   = 7
	mostListed   = 20                  // titles; the count says how many there are
	longestWait  = 60 * 24 * time.Hour // of an item, such as in a long pause: what is older is no news
	digestTarget = "/articles"
)

// gather keeps an article for those who want it in their digest.
func (s *server) gather(ctx context.Context, q *store.Queries, article uuid.UUID, accounts []uuid.UUID) error {
	if len(accounts) == 0 {
		return nil
	}
	if err := q.DigestGather(ctx, store.DigestGatherParams{Accounts: accounts, ArticleID: article, Now: s.Now()}); err != nil {
		return fmt.Errorf("gather for the digest: %w", err)
	}
	return nil
}

// hearsOn is how long a digest waits that is late by an hour or more: the next one is told of already, and is heard in a moment.
const hearsOn = 15 * time.Second

// beginDigest notes a digest and has it join those before it that have told nobody yet. After an outage of this service alone there is one for
// every hour, and nobody gets two within minutes.
func (s *server) beginDigest(ctx context.Context, q *store.Queries, run *store.RunBeginParams) error {
	at := moment(run.Data, "at")
	if run.Now.Sub(at) >= time.Hour {
		again := run.Now.Add(hearsOn)
		run.AgainAt = &again
	}
	began, err := q.RunBegin(ctx, *run)
	if err != nil {
		return fmt.Errorf("begin digest: %w", err)
	}
	if began == 0 {
		return nil // heard before
	}
	err = q.DigestJoin(ctx, store.DigestJoinParams{ID: run.ID, Kind: digestKind, At: at, Now: &run.Now, Ending: "told with a later one"})
	if err != nil {
		return fmt.Errorf("join digests: %w", err)
	}
	return nil
}

// digestPage tells a page of people what waits for them. The hours are those that the run is for, however late it runs and however many
// they are: nobody is left out because something was down at seven.
func (s *server) digestPage(ctx context.Context, tx pgx.Tx, q *store.Queries, r store.RunTakeRow) error {
	zones, mondays, err := s.morning(ctx, q, ticks(moment(r.Data, "since"), moment(r.Data, "at")))
	if err != nil {
		return err
	}
	rows, err := q.DigestPeople(ctx, store.DigestPeopleParams{
		After: r.LastPerson, Zones: zones, Mondays: mondays, Now: s.Now(), Most: s.config.Page,
	})
	people, err := persons(rows, err, func(p store.DigestPeopleRow) person { return person(p) })
	if err != nil {
		return fmt.Errorf("read who gets a digest: %w", err)
	}
	if len(people) == 0 {
		if _, err := q.DigestForget(ctx, s.Now().Add(-longestWait)); err != nil {
			return fmt.Errorf("forget what waited too long: %w", err)
		}
		return s.end(ctx, q, r, "")
	}
	n := &news{path: digestTarget, priority: laterPriority, topic: articleTopic, own: map[uuid.UUID]map[string]string{}}
	items, err := s.takeItems(ctx, q, n, people)
	if err != nil {
		return err
	}
	w, err := s.wishesOf(ctx, q, n, people)
	if err != nil {
		return err
	}
	var messages []queue.Message
	for _, p := range people {
		for _, channel := range ringing() {
			if !w.reaches(p.AccountID, channel) {
				continue
			}
			if n.own[p.AccountID] = list(items[p.AccountID], func(i item) bool {
				return w.wants(p.AccountID, []uuid.UUID{i.category}, channel)
			}); n.own[p.AccountID] != nil {
				messages = append(messages, digestMessage(r, n, p, way{channel, w.due(n, p)}))
			}
		}
	}
	if err := s.put(ctx, tx, r, messages); err != nil {
		return err
	}
	return s.move(ctx, q, r, people)
}

// digestMessage is about the whole topic, whatever categories its articles are of.
func digestMessage(r store.RunTakeRow, n *news, p person, to way) queue.Message {
	whole := *n
	whole.about = nil
	return messageFor(r, &whole, p, to)
}

// mostHours bounds what is made up for: after a longer time everybody's morning was among them.
const mostHours = 8 * 24

// ticks are the hours after since up to at, the last one first. Usually that is one; more after a time in which nothing ran.
func ticks(since, at time.Time) []time.Time {
	all := []time.Time{at}
	for t := at.Add(-time.Hour); !since.IsZero() && t.After(since) && len(all) < mostHours; t = t.Add(-time.Hour) {
		all = append(all, t)
	}
	return all
}

// morning are the zones in which the clocks showed the hour of the digest in one of the hours, and those in which it was Monday then. Go's database of
// zones decides, and not PostgreSQL's: a name that one of them does not know must not stop the digests of all.
func (s *server) morning(ctx context.Context, q *store.Queries, ticks []time.Time) (zones, mondays []string, err error) {
	all, err := q.DigestZones(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read zones: %w", err)
	}
	for _, name := range all {
		zone := s.zones.Find(name)
		if zone == nil {
			zone = time.UTC
		}
		rang, monday := rings(ticks, zone)
		if rang {
			zones = append(zones, name)
		}
		if monday {
			mondays = append(mondays, name)
		}
	}
	return zones, mondays, nil
}

// rings tells whether clocks in a zone showed the hour of the digest in one of the hours, and whether that was a Monday's. No zone turns its
// clocks at that hour, so it comes once each day, also in the nights when they are turned.
func rings(ticks []time.Time, zone *time.Location) (rang, monday bool) {
	for _, at := range ticks {
		clocks := at.In(zone)
		seven := clocks.Hour() == digestHour
		rang, monday = rang || seven, monday || seven && clocks.Weekday() == time.Monday
	}
	return rang, monday
}

// item is one article of a digest.
type item struct {
	title, path string
	category    uuid.UUID
}

// takeItems takes what waits for a page of people, and says which categories it is about.
func (s *server) takeItems(ctx context.Context, q *store.Queries, n *news, people []person) (map[uuid.UUID][]item, error) {
	accounts := make([]uuid.UUID, 0, len(people))
	for _, p := range people {
		accounts = append(accounts, p.AccountID)
	}
	rows, err := q.DigestTake(ctx, accounts)
	if err != nil {
		return nil, fmt.Errorf("take what waits for the digest: %w", err)
	}
	items, known := map[uuid.UUID][]item{}, map[uuid.UUID]bool{}
	for _, row := range rows {
		items[row.AccountID] = append(items[row.AccountID], item{row.Title, "/articles/" + row.Slug, row.CategoryID})
		if !known[row.CategoryID] {
			known[row.CategoryID] = true
			n.about = append(n.about, row.CategoryID)
		}
	}
	return items, nil
}

// list writes the articles that somebody wants as the words of the digest need them; nil when there is none.
func list(items []item, wanted func(item) bool) map[string]string {
	var lines []string
	count := 0
	for _, i := range items {
		if !wanted(i) {
			continue
		}
		if count++; count <= mostListed {
			lines = append(lines, strings.NewReplacer("\t", " ", "\n", " ").Replace(i.title)+"\t"+i.path)
		}
	}
	if count == 0 {
		return nil
	}
	return map[string]string{"count": strconv.Itoa(count), "titles": strings.Join(lines, "\n")}
}

package access

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/contract/event"
	"github.com/rounds-cme/rounds/kit/db"
)

// TestCatalogue holds contract/event/catalog.go, which people read, against the two tables of permissions, which the database
// obeys, and against what the services do.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	var appends, reads, puts, takes []string
	for _, e := range event.Catalog() {
		appends = append(appends, e.Publisher+" "+e.Key)
		for _, service := range e.Listeners {
			reads = append(reads, service+" "+e.Key)
		}
	}
	for _, q := range event.Queues() {
		takes = append(takes, q.Takes+" "+q.Name)
		for _, service := range q.Puts {
			puts = append(puts, service+" "+q.Name)
		}
	}
	const catalogue = "contract/event/catalog.go"
	same(t, catalogue, appends, "eventlog.permission: may append", h.lines(`SELECT role || ' ' || type FROM eventlog.permission WHERE may_append`), "scheduler saga.*")
	same(t, catalogue, reads, "eventlog.permission: may only read", h.lines(`SELECT role || ' ' || type FROM eventlog.permission WHERE may_read AND NOT may_append`))
	same(t, catalogue, puts, "queue.permission: may put", h.lines(`SELECT role || ' ' || queue FROM queue.permission WHERE may_put`))
	same(t, catalogue, takes, "queue.permission: may take", h.lines(`SELECT role || ' ' || queue FROM queue.permission WHERE may_take`))
	same(t, catalogue, names(event.Queues()), "queue.queue", h.lines(`SELECT name FROM queue.queue`))

	// All followers ask within their first second; the test waits until the catalogue is satisfied, then says what differs.
	h.await(func() bool {
		return len(h.heard.lines(h.heard.follows)) >= len(reads) && len(h.heard.lines(h.heard.takes)) >= len(takes)
	})
	same(t, catalogue, reads, "what the services follow", h.heard.lines(h.heard.follows))
	same(t, catalogue, takes, "where the services take from", h.heard.lines(h.heard.takes))
}

// TestPublishers reads the services' sources: an event is made by its publisher and nobody else, a queue is named by those who
// put and take.
func TestPublishers(t *testing.T) {
	t.Parallel()
	made, named := map[string]bool{}, map[string]bool{}
	literal := regexp.MustCompile(`eventpb\.(\w+)\{`)
	quoted := regexp.MustCompile(`"([a-z]+(?:\.[a-z]+)?)"`)
	for _, service := range services(t) {
		sources(t, service, ".go", func(_, text string) {
			for _, found := range literal.FindAllStringSubmatch(text, -1) {
				made[service+" "+found[1]] = true
			}
			for _, found := range quoted.FindAllStringSubmatch(text, -1) {
				named[service+" "+found[1]] = true
			}
		})
	}
	for _, e := range event.Catalog() {
		message := string(e.Message.ProtoReflect().Descriptor().Name())
		for _, service := range services(t) {
			if does, says := made[service+" "+message], e.Publisher == service; does && !says {
				t.Errorf("service/%s makes %s, but contract/event/catalog.go says that %s publishes %s", service, message, e.Publisher, e.Key)
			} else if says && !does {
				t.Errorf("contract/event/catalog.go says that %s publishes %s, but no source in service/%s makes %s", service, e.Key, service, message)
			}
		}
	}
	for _, q := range event.Queues() {
		for _, service := range append(slices.Clone(q.Puts), q.Takes) {
			if !named[service+" "+q.Name] {
				t.Errorf("contract/event/catalog.go says that %s uses queue %s, but no source in service/%s names it", service, q.Name, service)
			}
		}
	}
}

// TestStrangersAreRefused tries what the catalogue does not allow, as each service's own role.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t, io.Discard)
	const privilege = "42501"
	for _, service := range services(t) {
		if service == "ssr" {
			continue // It has no way to the database at all.
		}
		pool := h.data.Pool(service)
		for _, e := range event.Catalog() {
			if e.Publisher == service {
				continue
			}
			_, err := pool.Exec(t.Context(), `SELECT eventlog.append('webinar/test', -1, $1, '{}', '')`, e.Key)
			if db.Code(err) != privilege {
				t.Errorf("%s appends %s, which is %s's: %v", service, e.Key, e.Publisher, err)
			}
			if _, err = pool.Exec(t.Context(), `SELECT eventlog.claim('stranger', ARRAY[$1])`, e.Key); !slices.Contains(e.Listeners, service) && db.Code(err) != privilege {
				t.Errorf("%s reads %s, and is no listener of it: %v", service, e.Key, err)
			}
		}
		for _, q := range event.Queues() {
			_, err := pool.Exec(t.Context(), `SELECT queue.put(ARRAY[$1], ARRAY[gen_random_uuid()], '{k}', '{t}', '{x}', '{0}', '{NULL}', '{NULL}', '')`, q.Name)
			if !slices.Contains(q.Puts, service) && db.Code(err) != privilege {
				t.Errorf("%s puts into %s: %v", service, q.Name, err)
			}
			if _, err = pool.Exec(t.Context(), `SELECT queue.take($1, 1, '1s')`, q.Name); q.Takes != service && db.Code(err) != privilege {
				t.Errorf("%s takes from %s: %v", service, q.Name, err)
			}
		}
	}
}

func names(queues []event.Queue) []string {
	var all []string
	for _, q := range queues {
		all = append(all, q.Name)
	}
	return all
}

// lines asks the superuser for texts, without the prefix that the roles of services have.
func (h *house) lines(query string) []string {
	h.t.Helper()
	rows, err := h.admin.Query(h.t.Context(), query)
	if err != nil {
		h.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.t.Fatal(err)
	}
	for i := range all {
		all[i] = strings.TrimPrefix(all[i], "rounds_")
	}
	return all
}

// await gives something time to become true; what then is not is said by the checks that follow.
func (h *house) await(is func() bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && !is(); {
		time.Sleep(20 * time.Millisecond)
	}
}

// same says what is in one list alone. What extra names may be in the second only.
func same(t *testing.T, first string, one []string, second string, other []string, extra ...string) {
	t.Helper()
	for _, line := range one {
		if !slices.Contains(other, line) {
			t.Errorf("%q is in %s, and not in %s", line, first, second)
		}
	}
	for _, line := range other {
		if !slices.Contains(one, line) && !slices.Contains(extra, line) {
			t.Errorf("%q is in %s, and not in %s", line, second, first)
		}
	}
}

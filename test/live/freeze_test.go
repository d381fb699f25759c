package live

import (
	"testing"
	"time"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// stopped is the number of the lock behind which a page of attendance waits.
const stopped = 4711

// TestKilledBetweenPages kills the instance that freezes attendance with -9 when one page is written and the next is on its way. Another
// instance goes on: nobody is there twice, nobody is missing, what was written stays as it was, and the room is closed once.
func TestKilledBetweenPages(t *testing.T) {
	t.Parallel()
	h := Build(t)
	one := h.Instance(Setup{Lease: 2 * time.Second})
	h.GoLive()
	const people, page = 1250, 500
	h.Exec(`INSERT INTO livewebinar.beat (webinar_id, account_id, stream, sequence, event, at, position_ms, hidden)
		SELECT r.webinar_id, md5(p::text)::uuid, 's', n, CASE WHEN n = 0 THEN 'joined' ELSE 'playing' END, r.opened_at + n * interval '1 millisecond', 0, false
		FROM livewebinar.room r, generate_series(1, $1::integer) p, generate_series(0, 3) n`, people)
	h.Exec(`CREATE FUNCTION livewebinar.stop() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF (SELECT count(*) FROM livewebinar.attendance) > 0 THEN PERFORM pg_advisory_xact_lock(4711); END IF;
			RETURN NULL;
		END $$`)
	h.Exec(`CREATE TRIGGER stop BEFORE INSERT ON livewebinar.attendance EXECUTE FUNCTION livewebinar.stop()`)
	holder := must(h.admin.Acquire(t.Context()))(t)
	defer holder.Release()
	lock := func(sql string) {
		t.Helper()
		if _, err := holder.Exec(t.Context(), sql, stopped); err != nil {
			t.Fatal(err)
		}
	}
	lock(`SELECT pg_advisory_lock($1)`)
	h.Say("end.requested", &eventpb.EndRequested{WebinarId: h.Webinar.String()})
	h.Await("the second page waits", func() bool {
		return h.Count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, stopped) == 1
	})
	h.Exec(`CREATE TABLE public.before AS SELECT account_id, seconds, evidence, sha256 FROM livewebinar.attendance`)
	one.Kill()
	lock(`SELECT pg_advisory_unlock($1)`)
	if n := h.Count(`SELECT count(*) FROM public.before`); n != page {
		t.Errorf("%d people were written before the kill", n)
	}
	if n := h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closing'`); n != 1 {
		t.Fatal("the room is not closing: this test proves nothing")
	}
	h.Instance(Setup{Lease: 2 * time.Second})
	h.Await("the room is closed", func() bool { return h.Count(`SELECT count(*) FROM livewebinar.room WHERE state = 'closed'`) == 1 })
	if n := h.Count(`SELECT count(*) FROM livewebinar.attendance`); n != people {
		t.Errorf("attendance of %d", n)
	}
	if n := h.Count(`SELECT count(*) FROM public.before JOIN livewebinar.attendance USING (account_id, seconds, evidence, sha256)`); n != page {
		t.Errorf("%d of those who were written are as they were", n)
	}
	if n := h.Count(`SELECT count(*) FROM eventlog.event WHERE type = 'room.closed'`); n != 1 {
		t.Errorf("%d times room.closed", n)
	}
}

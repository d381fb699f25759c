package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// away takes one after the other away, and has the reminder of a webinar fall due for everybody meanwhile: without those who send nothing it
// goes out at once, and without the broker it waits where it was put, and goes out when the broker is back.
func (c *command) away(h *house, r *recorder) error {
	for _, name := range []string{"statistics", "livewebinar", "bff", "ssr", "auth", "datamanagement"} {
		fmt.Fprintf(r.out, "%6.1f s  without %s\n", time.Since(r.began).Seconds(), name)
		s := h.at(name)
		r.killed[name]++
		s.kill()
		if err := errors.Join(c.told(h, nil), s.start(), s.ready()); err != nil {
			return fmt.Errorf("without %s: %w", name, err)
		}
	}
	if h.broker == nil {
		return nil
	}
	fmt.Fprintf(r.out, "%6.1f s  without RabbitMQ\n", time.Since(r.began).Seconds())
	r.killed["RabbitMQ"]++
	h.broker.Kill()
	return c.told(h, func() error {
		told := `SELECT coalesce(max(told), 0) FROM notificationtaskrunner.run WHERE began_at = (SELECT max(began_at) FROM notificationtaskrunner.run)`
		waits := `SELECT count(*) FROM queue.message WHERE queue = 'notification.send'`
		if !until(func() bool { return h.number(told) == c.Readers && h.number(waits) > 0 }) {
			return fmt.Errorf("%d of %d people were told, in %d messages that wait for the broker", h.number(told), c.Readers, h.number(waits))
		}
		return h.broker.Again(context.Background())
	})
}

// told waits until everybody got the reminder of one more webinar. What is done meanwhile begins before any of them can have come.
func (c *command) told(h *house, meanwhile func() error) error {
	before := h.sink.count()
	if err := h.due(); err != nil {
		return err
	}
	if meanwhile != nil {
		if came := h.sink.count() - before; came > 0 {
			return fmt.Errorf("%d mails came past the broker", came)
		}
		if err := meanwhile(); err != nil {
			return err
		}
	}
	if !until(func() bool { return h.sink.count() >= before+c.Readers }) {
		return fmt.Errorf("only %d of %d mails came", h.sink.count()-before, c.Readers)
	}
	return nil
}

// due plans a webinar, of which the followers of its category are to be reminded now.
func (h *house) due() error {
	webinar := uuid.Must(uuid.NewV7())
	h.exec(`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
		credit_rule_id, video_url, sequence, created_at, updated_at)
		VALUES ($1::uuid, 'readers-' || $1::uuid, 'For readers', 'D', $2, $3, now() + interval '50 minutes', 'Europe/Ljubljana', 30, 150, $4, '/clip.mp4', 1, now(), now())`,
		webinar, writer, kidney, rule)
	h.exec(`SELECT scheduler.plan_webinar($1, (SELECT starts_at FROM datamanagement.webinar WHERE id = $1), 30, 1, false)`, webinar)
	// Its reminder is due now and not in forty minutes.
	if !until(func() bool {
		return h.number(`SELECT count(*) FROM scheduler.timer WHERE webinar_id = $1 AND kind = 'reminder'`, webinar) > 0
	}) {
		return errors.New("the scheduler plans no reminder")
	}
	h.exec(`UPDATE scheduler.timer SET due_at = now() WHERE webinar_id = $1 AND kind = 'reminder' AND state = 'waiting'`, webinar)
	return nil
}

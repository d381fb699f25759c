package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/rules/credit"
)

// notifications: what people are told.
func notifications() []Invariant {
	return []Invariant{
		{
			Name: "notifications.once", Says: "Nobody has two records of one kind about one event on one channel",
			Mend:  "Tell the developers, with the row in notificationcenter.delivery; a record that comes from nothing was made by hand.",
			check: told,
		},
		{ // That an address takes no mail is told on the site alone, where it is found out: it is no message.
			Name: "notifications.site", Says: "What was delivered to the site stands there once, and nothing stands there that was not delivered",
			Mend:    "Tell the developers. Line and note are one statement, so only a hand in the database does this.",
			counted: `SELECT count(*) FROM notificationcenter.delivery WHERE channel = 'site' AND state = 'sent'`,
			broken: `SELECT format('%s of kind %s: delivered %s, on the site %s', coalesce(d.id, n.id), coalesce(d.kind, n.kind), d.id IS NOT NULL, n.id IS NOT NULL)
				FROM (SELECT * FROM notificationcenter.delivery WHERE channel = 'site' AND state = 'sent') d
				FULL JOIN (SELECT * FROM notificationcenter.notification WHERE kind <> 'address.bounced') n USING (id)
				WHERE d.id IS NULL OR n.id IS NULL`,
		},
		{
			Name: "notifications.runs", Says: "Each run through the people whom something concerns has ended, or goes on",
			Mend:    "Is a notification task runner running? Its log has the error; it goes on where it was by itself.",
			counted: `SELECT count(*) FROM notificationtaskrunner.run`,
			broken: `SELECT format('%s, begun %s, %s told', id, began_at, told) FROM notificationtaskrunner.run
				WHERE ended_at IS NULL AND began_at < now() - 10 * @patience`,
		},
		{
			Name: "notifications.in_time", Says: "Nothing was sent after it had lost its sense: no reminder once the webinar had begun",
			Mend:    "Do the clocks of the machines agree (chrony, timedatectl)? Otherwise tell the developers.",
			counted: `SELECT count(*) FROM notificationcenter.delivery WHERE state = 'sent' AND expires_at IS NOT NULL`,
			// A line on the site is written when it is noted. An e-mail is on its way by then, and its server may be slow to take it.
			broken: `SELECT format('%s by %s to account %s: sent at %s, of use until %s', kind, channel, account_id, at, expires_at)
				FROM notificationcenter.delivery WHERE state = 'sent' AND expires_at IS NOT NULL
				AND at >= expires_at + CASE channel WHEN 'site' THEN interval '0' ELSE interval '2 minutes' END`,
		},
	}
}

// rooms: what was said and watched.
func rooms() []Invariant {
	return []Invariant{
		{
			Name: "rooms.chat", Says: "The messages of each room are 1, 2, 3 … without a gap",
			Mend:    "Tell the developers. The messages that are there are shown; the number is only for order.",
			counted: `SELECT count(*) FROM livewebinar.message`,
			broken: `SELECT format('room %s says %s, and has %s up to %s', r.webinar_id, r.last_sequence, count(m.sequence), coalesce(max(m.sequence), 0))
				FROM livewebinar.room r LEFT JOIN livewebinar.message m USING (webinar_id) GROUP BY r.webinar_id
				HAVING r.last_sequence <> count(m.sequence) OR r.last_sequence <> coalesce(max(m.sequence), 0)`,
		},
		{
			Name: "rooms.frozen", Says: "Everybody who was in a room that is closed has a frozen attendance",
			Mend:    "Tell the developers before points are requested: the beats of the room are the evidence, and attendance can be frozen again from them.",
			counted: `SELECT count(*) FROM livewebinar.attendance`,
			broken: `SELECT format('room %s: %s people are missing', r.webinar_id, count(DISTINCT b.account_id)) FROM livewebinar.room r
				JOIN livewebinar.beat b USING (webinar_id) WHERE r.state = 'closed' AND NOT EXISTS
				(SELECT FROM livewebinar.attendance a WHERE a.webinar_id = b.webinar_id AND a.account_id = b.account_id) GROUP BY r.webinar_id`,
		},
		{Name: "rooms.evidence", Says: "The evidence of each attendance has the fingerprint that was taken when it was frozen", Mend: "Evidence was changed after it was frozen. Restore the row from a backup, and find out who can write there.", check: fingerprints},
	}
}

// credits: what attendance was worth.
func credits() []Invariant {
	return []Invariant{
		{
			Name: "credit.everybody", Says: "Everybody whose attendance was frozen has a result, where credit was computed",
			Mend:    "The webinar is evaluated in one transaction, so rows were deleted. Restore them from a backup before points are requested.",
			counted: `SELECT count(*) FROM datamanagement.attendance_result`,
			broken: `SELECT format('webinar %s: %s results are missing', w.slug, count(*)) FROM livewebinar.attendance a JOIN datamanagement.webinar w ON w.id = a.webinar_id
				WHERE w.evaluated_at IS NOT NULL AND NOT EXISTS (SELECT FROM datamanagement.attendance_result r WHERE r.webinar_id = a.webinar_id AND r.account_id = a.account_id)
				GROUP BY w.slug`,
		},
		{Name: "credit.replay", Says: "Computing each credit again from its evidence gives the same", Mend: "A result was changed, or the rule computes otherwise than it did. Restore the row, or decide by an appeal what counts.", check: replayed},
	}
}

// fingerprints computes the hash of each evidence again, as it was computed when it was frozen.
func fingerprints(ctx context.Context, tx pgx.Tx) (looked int, broken []string, err error) {
	rows, err := tx.Query(ctx, `SELECT webinar_id::text, account_id::text, evidence, sha256 FROM livewebinar.attendance`)
	if err != nil {
		return 0, nil, fmt.Errorf("read attendance: %w", err)
	}
	var webinar, account string
	var evidence, hash []byte
	_, err = pgx.ForEachRow(rows, []any{&webinar, &account, &evidence, &hash}, func() error {
		looked++
		var e credit.Evidence
		if err := json.Unmarshal(evidence, &e); err != nil {
			broken = append(broken, fmt.Sprintf("webinar %s, account %s: cannot be read", webinar, account))
			return nil //nolint:nilerr // It is what is looked for.
		}
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(text); !bytes.Equal(sum[:], hash) {
			broken = append(broken, fmt.Sprintf("webinar %s, account %s", webinar, account))
		}
		return nil
	})
	return looked, broken, err
}

// replayed computes each credit again.
func replayed(ctx context.Context, tx pgx.Tx) (looked int, broken []string, err error) {
	rows, err := tx.Query(ctx, `SELECT webinar_id::text, account_id::text, evidence, qualified, creditable FROM datamanagement.attendance_result`)
	if err != nil {
		return 0, nil, fmt.Errorf("read results: %w", err)
	}
	var webinar, account string
	var evidence []byte
	var qualified bool
	var creditable int
	_, err = pgx.ForEachRow(rows, []any{&webinar, &account, &evidence, &qualified, &creditable}, func() error {
		looked++
		var e credit.Evidence
		if err := json.Unmarshal(evidence, &e); err != nil {
			broken = append(broken, fmt.Sprintf("webinar %s, account %s: cannot be read", webinar, account))
			return nil //nolint:nilerr // It is what is looked for.
		}
		c := credit.Evaluate(e)
		if passed := c.Verdict == credit.VerdictPassed; passed != qualified || int(c.Creditable) != creditable {
			broken = append(broken, fmt.Sprintf("webinar %s, account %s: stored %t of %d s, computed %t of %d s", webinar, account, qualified, creditable, passed, c.Creditable))
		}
		return nil
	})
	return looked, broken, err
}

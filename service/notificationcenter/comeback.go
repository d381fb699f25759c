package notificationcenter

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/db"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/bounce"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
)

// mostComeback bounds what a report may bring: it holds the mail that came back, and ours are small.
const mostComeback = 1 << 20

// comeback takes what came back from the mail server, as its pipe gets it. Everything but the secret is answered with 200, also
// what we cannot read: the mail server would only send it again. When it cannot be noted now, the answer is an error, and it does.
func (s *server) comeback(w http.ResponseWriter, r *http.Request) error {
	// Basic, because a bearer token would be taken for one of a person.
	_, secret, _ := r.BasicAuth()
	wanted := s.config.BounceSecret.Reveal()
	if wanted == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(wanted)) != 1 {
		return errs.New(errs.Forbidden, "bounce.secret", "Only the mail server may do this.")
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	outcome, err := s.noteComeback(r.Context(), raw)
	if err != nil {
		return err
	}
	obs.Event(r.Context()).Set("comeback", outcome)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(w, outcome+"\n")
	return err
}

// noteComeback acts upon a report, once, and says in a word what it was. No word names the person.
func (s *server) noteComeback(ctx context.Context, raw []byte) (string, error) {
	report, err := bounce.Parse(raw)
	if err != nil {
		return "no report", nil //nolint:nilerr // Such as "I am on holiday".
	}
	id, ours := s.stamp().read(report.MessageID)
	if report.Kind == bounce.Other || !ours {
		return "nothing to do", nil // It is about a mail that is not ours.
	}
	outcome := "unknown mail"
	err = db.Tx(ctx, s.DB, func(tx pgx.Tx) error {
		outcome, err = s.cameBack(ctx, store.New(tx), id, report)
		return err
	})
	return outcome, err
}

func (s *server) cameBack(ctx context.Context, q *store.Queries, id uuid.UUID, report bounce.Report) (string, error) {
	mail, err := q.DeliveryGet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "unknown mail", nil
	}
	if err != nil {
		return "", fmt.Errorf("find delivery: %w", err)
	}
	state, reason := "bounced", strings.TrimSpace(report.Said)
	if report.Kind == bounce.Complaint {
		state = "complained"
	} else if reason == "" {
		reason = report.Status
	}
	noted, err := q.DeliveryCameBack(ctx, store.DeliveryCameBackParams{ID: id, State: state, Reason: obs.Mask(reason), Now: s.Now()})
	if err != nil {
		return "", fmt.Errorf("note what came back: %w", err)
	}
	if noted == 0 {
		return "known already", nil // A report that is repeated does not undo what the person has done since.
	}
	if report.Kind == bounce.Complaint {
		_, err := q.SuppressionAdd(ctx, store.SuppressionAddParams{
			Address: mail.Address, Scope: "chosen", AccountID: mail.AccountID, Cause: "complaint", Reason: report.Said, Now: s.Now(),
		})
		if err != nil {
			return "", fmt.Errorf("suppress: %w", err)
		}
		return state, nil
	}
	return state, s.suppress(ctx, q, setback{
		id: id, account: mail.AccountID, address: mail.Address, status: report.Status, cause: "bounce", reason: reason,
		language: mail.Language, zone: mail.Zone,
	})
}

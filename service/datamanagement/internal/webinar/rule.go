package webinar

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/effect"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// SaveCreditRule makes a rule, or the next version of the one of that name. Webinars that are planned keep the version that they name.
// What the version was compared with before is compared again, in the same transaction, and kept beside it.
func (s *server) SaveCreditRule(ctx context.Context, q *datamanagementpb.SaveCreditRuleRequest) (*datamanagementpb.SaveCreditRuleResponse, error) {
	name := field.Line(q.GetName())
	var f errs.Fields
	field.Between(&f, "name", name, 1, 120)
	rule := ruleOf(q, q.ReconnectPercent)
	checkRule(&f, rule)
	held := heldOf(&f, q.GetCompared())
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer := &datamanagementpb.SaveCreditRuleResponse{}
	return answer, s.once(ctx, q, "webinar.save_rule", answer, func(w command.Wish) error {
		rows := store.New(w.Tx)
		// Two who save at once get two versions, one after the other.
		if err := rows.CreditRuleLock(ctx, name); err != nil {
			return fmt.Errorf("lock rule: %w", err)
		}
		version, err := rows.CreditRuleNext(ctx, name)
		if err != nil {
			return fmt.Errorf("count versions: %w", err)
		}
		if base := q.GetBaseVersion(); base != 0 && base != version-1 {
			return errs.New(errs.Conflict, "rule.version", "Somebody else saved a version of this rule in the meantime. Look at theirs before you save yours.")
		}
		rule.Version = int(version)
		written, err := json.Marshal(rule)
		if err != nil {
			return fmt.Errorf("write rule: %w", err)
		}
		id := s.newID()
		answer.Id, answer.Version = id.String(), version
		err = rows.CreditRuleInsert(ctx, store.CreditRuleInsertParams{ID: id, Name: name, Version: version, Rule: written, Now: w.Now, SavedBy: w.Who.Account})
		if err != nil {
			return fmt.Errorf("insert rule: %w", err)
		}
		if q.GetCompared() == nil {
			return nil
		}
		held.Name, held.Rule = name, rule
		found, err := effect.Of(ctx, w.Tx, held)
		if err != nil {
			return err
		}
		return effect.Keep(ctx, w.Tx, id, found.Webinars)
	})
}

// terms are the conditions of a rule, in whichever message they come.
type terms interface {
	GetMinPercent() int32
	GetMinChecksPercent() int32
	GetChecksPerHour() int32
	GetCheckWindow() int32
	GetReconnectGrace() int32
	GetAward() string
	GetMinutesPerPoint() int32
	GetCreditStep() int32
	GetDailyCap() int32
}

// termsOf are the conditions of a rule that is only looked at.
func termsOf(q *datamanagementpb.RuleTerms) credit.Rule {
	if q == nil {
		q = &datamanagementpb.RuleTerms{}
	}
	return ruleOf(q, q.ReconnectPercent)
}

// ruleOf takes what Rounds does not ask for yet (evaluation form, quiz) from the default, switched off. How much of the programme may be
// forgiven comes apart: who does not know of it gets what is usual, because zero would forgive without end.
func ruleOf(q terms, forgiven *int32) credit.Rule {
	r := credit.Default()
	if forgiven != nil {
		r.ReconnectPercent = int(*forgiven)
	}
	r.EvaluationRequired = false
	r.MinPercent, r.MinChecksPercent, r.ChecksPerHour = int(q.GetMinPercent()), int(q.GetMinChecksPercent()), int(q.GetChecksPerHour())
	r.CheckWindow, r.ReconnectGrace = credit.Seconds(q.GetCheckWindow()), credit.Seconds(q.GetReconnectGrace())
	r.Award, r.MinutesPerPoint = credit.Award(q.GetAward()), int(q.GetMinutesPerPoint())
	r.CreditStep, r.DailyCap = credit.Points(q.GetCreditStep()), credit.Points(q.GetDailyCap())
	return r
}

func checkRule(f *errs.Fields, rule credit.Rule) { addFaults(f, rule.Faults()) }

// addFaults says what is out of its bounds; the names of the fields are those of the messages.
func addFaults(f *errs.Fields, faults []credit.Fault) {
	for _, fault := range faults {
		if fault.Min == 0 && fault.Max == 0 {
			f.Add(fault.Field, "content.choice", "Choose one of the list.")
			continue
		}
		f.Add(fault.Field, "rule.range", fmt.Sprintf("Enter a number from %d to %d.", fault.Min, fault.Max))
	}
}

const fewWebinars = 5 // are compared when nothing else is said

func heldOf(f *errs.Fields, h *datamanagementpb.HeldWebinars) effect.Question {
	q := effect.Question{Last: int(h.GetLast())}
	if q.Last == 0 {
		q.Last = fewWebinars
	}
	if q.Last < 1 || q.Last > effect.MostWebinars {
		addFaults(f, []credit.Fault{{Field: "last", Min: 1, Max: effect.MostWebinars}})
	}
	if name := h.GetWebinarId(); name != "" {
		id, err := uuid.Parse(name)
		if err != nil || id == uuid.Nil {
			f.Add("webinar_id", "content.choice", "Choose one of the list.")
		}
		q.Webinar = id
	}
	return q
}

package webinar

import (
	"context"
	"encoding/json"
	"fmt"

	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

// SaveCreditRule makes a rule, or the next version of the one of that name. Webinars that are planned keep the version that they name.
func (s *server) SaveCreditRule(ctx context.Context, q *datamanagementpb.SaveCreditRuleRequest) (*datamanagementpb.SaveCreditRuleResponse, error) {
	name := field.Line(q.GetName())
	var f errs.Fields
	field.Between(&f, "name", name, 1, 120)
	rule := ruleOf(q)
	for _, fault := range rule.Faults() {
		if fault.Min == 0 && fault.Max == 0 {
			f.Add(fault.Field, "content.choice", "Choose one of the list.")
			continue
		}
		f.Add(fault.Field, "rule.range", fmt.Sprintf("Enter a number from %d to %d.", fault.Min, fault.Max))
	}
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
		rule.Version = int(version)
		written, err := json.Marshal(rule)
		if err != nil {
			return fmt.Errorf("write rule: %w", err)
		}
		id := s.newID()
		answer.Id, answer.Version = id.String(), version
		err = rows.CreditRuleInsert(ctx, store.CreditRuleInsertParams{ID: id, Name: name, Version: version, Rule: written, Now: w.Now})
		if err != nil {
			return fmt.Errorf("insert rule: %w", err)
		}
		return nil
	})
}

// ruleOf takes what Rounds does not ask for yet (evaluation form, quiz) from the default, switched off.
func ruleOf(q *datamanagementpb.SaveCreditRuleRequest) credit.Rule {
	r := credit.Default()
	r.EvaluationRequired = false
	r.MinPercent, r.MinChecksPercent, r.ChecksPerHour = int(q.GetMinPercent()), int(q.GetMinChecksPercent()), int(q.GetChecksPerHour())
	r.CheckWindow, r.ReconnectGrace = credit.Seconds(q.GetCheckWindow()), credit.Seconds(q.GetReconnectGrace())
	r.Award, r.MinutesPerPoint = credit.Award(q.GetAward()), int(q.GetMinutesPerPoint())
	r.CreditStep, r.DailyCap = credit.Points(q.GetCreditStep()), credit.Points(q.GetDailyCap())
	return r
}

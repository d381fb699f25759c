package webinar

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/rules/credit"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/command"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/field"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/markdown"
	"github.com/rounds-cme/rounds/service/datamanagement/internal/webinar/store"
)

const (
	mostTitle       = 200
	mostDescription = 8000
	mostHTML        = 100_000 // what the column takes
	mostReason      = 500
	mostMinutes     = 720
	mostHundredths  = 10_000
)

// words is what planning and editing have in common.
type words interface {
	GetTitle() string
	GetDescription() string
	GetHundredths() int32
	GetVideoUrl() string
}

// text is what a webinar says, cleaned.
type text struct {
	title, description, html, video string
}

func checkText(f *errs.Fields, render *markdown.Renderer, q words) (text, error) {
	t := text{title: field.Line(q.GetTitle()), description: field.Text(q.GetDescription()), video: strings.TrimSpace(q.GetVideoUrl())}
	field.Between(f, "title", t.title, 1, mostTitle)
	field.Between(f, "description", t.description, 1, mostDescription)
	if q.GetHundredths() < 0 || q.GetHundredths() > mostHundredths {
		f.Add("hundredths", "webinar.points", "Enter points from 0 to 100.")
	}
	if !playable(t.video) {
		f.Add("video_url", "webinar.video", "Enter an https address, or a path of this site, that ends in .m3u8 or .mp4.")
	}
	if utf8.RuneCountInString(t.description) > mostDescription {
		return t, nil // refused above, beside its field; not worth rendering
	}
	html, err := render.HTML(t.description)
	if len(html) > mostHTML {
		f.Add("description", "content.too_long", "This text is too long. Please shorten it.")
	}
	t.html = html
	return t, err
}

func checkMinutes(f *errs.Fields, minutes int32) {
	if minutes < 1 || minutes > mostMinutes {
		f.Add("minutes", "webinar.minutes", "Enter a length from 1 to 720 minutes.")
	}
}

// playable tells whether browsers can be asked to play it: over https or from this very site, as HLS or MP4.
func playable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2000 || u.User != nil || strings.ContainsAny(address, "\\ \t\n\x00") {
		return false
	}
	local := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(address, "//") && path.Clean(u.Path) == u.Path
	remote := u.Scheme == "https" && u.Hostname() != ""
	ending := strings.ToLower(path.Ext(u.Path))
	return (local || remote) && (ending == ".m3u8" || ending == ".mp4")
}

// chosen are the things of other tables that a webinar names.
type chosen struct{ lecturer, category, rule uuid.UUID }

func choose(ctx context.Context, w command.Wish, lecturer, category, rule string) (chosen, error) {
	var c chosen
	var f errs.Fields
	rows := store.New(w.Tx)
	for _, one := range []struct {
		field, name string
		to          *uuid.UUID
		exists      func(context.Context, uuid.UUID) (bool, error)
	}{
		{"lecturer_id", lecturer, &c.lecturer, rows.LecturerExists},
		{"category_id", category, &c.category, rows.CategoryExists},
		{"credit_rule_id", rule, &c.rule, rows.CreditRuleExists},
	} {
		if one.field == "credit_rule_id" && one.name == "" {
			standard, err := rows.CreditRuleStandard(ctx)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return c, fmt.Errorf("read the standard rule: %w", err)
			}
			if err == nil {
				c.rule = standard
				continue
			}
		}
		id, wrong := uuid.Parse(one.name)
		exists := false
		if wrong == nil {
			var err error
			if exists, err = one.exists(ctx, id); err != nil {
				return c, fmt.Errorf("look for %s: %w", one.field, err)
			}
		}
		if !exists {
			f.Add(one.field, "content.choice", "Choose one of the list.")
		}
		*one.to = id
	}
	return c, f.Err()
}

// inSteps holds the points of a plan against its rule: what is no whole number of its steps would be rounded down, and members
// would get less than the plan says.
func inSteps(ctx context.Context, w command.Wish, id uuid.UUID, hundredths int32) error {
	written, err := store.New(w.Tx).CreditRuleGet(ctx, id)
	if err != nil {
		return fmt.Errorf("read rule: %w", err)
	}
	rule, err := credit.ParseRule(written)
	if err != nil {
		return fmt.Errorf("rule %s: %w", id, err)
	}
	if offered := credit.Points(hundredths); offered != offered.Floor(rule.CreditStep) {
		step := rule.CreditStep.String()
		return errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).With("step", step).
			Field("hundredths", "webinar.step", "The rule gives points in steps of "+step+".")
	}
	return nil
}

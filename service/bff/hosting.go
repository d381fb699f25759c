package bff

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/token"
	"github.com/rounds-cme/rounds/service/bff/internal/store"
)

// hosting is webinars for those who host them.
type hosting struct {
	bffpb.UnimplementedHostingServer
	*server
}

// hostsAll tells whether somebody may host every webinar. Others may host those whose lecturer they are.
func hostsAll(ctx context.Context) bool {
	who, _ := token.From(ctx)
	return slices.Contains(who.Roles, token.Host) || slices.Contains(who.Roles, token.Administrator)
}

// Hosted lists the webinars that the person asking may host.
func (s *hosting) Hosted(ctx context.Context, q *bffpb.HostedRequest) (*bffpb.HostedResponse, error) {
	size, at, id, err := page(q.GetPageSize(), 20, q.GetPageToken())
	if err != nil {
		return nil, err
	}
	own := q.GetOwn() || !hostsAll(ctx)
	answer := &bffpb.HostedResponse{}
	switch q.GetState() {
	case "planned", "live":
		rows, err := s.views.HostedAhead(ctx, store.HostedAheadParams{
			State: q.GetState(), Own: own, Account: asking(ctx), After: at, AfterID: id, Most: size + 1,
		})
		if err != nil {
			return nil, fmt.Errorf("list hosted webinars ahead: %w", err)
		}
		for _, r := range rows {
			answer.Webinars = append(answer.Webinars, webinarCardPB(r.DatamanagementBffWebinar, false))
		}
	case "ended":
		if at.IsZero() {
			at = s.now().AddDate(1, 0, 0)
		}
		rows, err := s.views.HostedPast(ctx, store.HostedPastParams{Own: own, Account: asking(ctx), Before: at, BeforeID: id, Most: size + 1})
		if err != nil {
			return nil, fmt.Errorf("list hosted webinars of the past: %w", err)
		}
		for _, r := range rows {
			answer.Webinars = append(answer.Webinars, webinarCardPB(r.DatamanagementBffWebinar, false))
		}
	default:
		return nil, errFilter()
	}
	if len(answer.GetWebinars()) > int(size) {
		answer.Webinars = answer.GetWebinars()[:size]
		last := answer.GetWebinars()[size-1]
		answer.NextPageToken = pageToken(last.GetStartsAt().AsTime(), uuid.MustParse(last.GetId()))
	}
	return answer, nil
}

// Stage is one webinar for one of its hosts.
func (s *hosting) Stage(ctx context.Context, q *bffpb.StageRequest) (*bffpb.StageResponse, error) {
	r, err := s.views.WebinarPage(ctx, clean(q.GetSlug()))
	if err != nil {
		return nil, missing(err, "webinar")
	}
	w, p := r.DatamanagementBffWebinar, r.DatamanagementBffWebinarPage
	if !hostsAll(ctx) {
		hosts, err := s.views.HostOf(ctx, store.HostOfParams{WebinarID: w.WebinarID, Account: asking(ctx)})
		if err != nil {
			return nil, fmt.Errorf("read host: %w", err)
		}
		if !hosts {
			return nil, errs.New(errs.Forbidden, "room.hosts", "Only the lecturer, hosts and administrators may do this.")
		}
	}
	return &bffpb.StageResponse{Card: webinarCardPB(w, false), StartedAt: stamp(p.StartedAt), EndedAt: stamp(p.EndedAt)}, nil
}

package ssr

import (
	"net/http"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/service/ssr/page/room"
)

// room is the page of a live webinar; the browser then talks to livewebinar itself.
func (s *server) room(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	door, err := s.live.Door(r.Context(), &livewebinarpb.DoorRequest{Slug: slug})
	if err != nil {
		return errs.FromStatus(err)
	}
	return s.show(w, r, http.StatusOK, room.Page(room.View{
		WebinarID: door.GetWebinarId(), Slug: slug, Title: door.GetTitle(), State: door.GetState(), StartsAt: door.GetStartsAt().AsTime(), VideoURL: door.GetVideoUrl(),
		Host: door.GetHost(),
	}))
}

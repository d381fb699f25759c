// Package landing is the first page: for a visitor, who knows in five seconds what Rounds is, for whom, what is live now and how to
// register; and for a member, who sees what is live, what comes next of what is followed, and what is new.
package landing

import (
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/ssr/page/webinar"
)

// View is what the page shows. Each block can be missing while the others stand.
type View struct {
	Live     webinar.Block
	Next     webinar.Block
	Followed webinar.Block // of Next and later ones; of who is logged in

	Points        *bffpb.PersonalPoints // of a member
	PointsMissing bool

	Articles        []*bffpb.ArticleCard
	ArticlesMissing bool
}

// others are the next webinars that are not followed: nobody has to read the same card twice.
func (v View) others() []*bffpb.WebinarCard {
	seen := map[string]bool{}
	for _, c := range v.Followed.Cards {
		seen[c.GetId()] = true
	}
	var rest []*bffpb.WebinarCard
	for _, c := range v.Next.Cards {
		if !seen[c.GetId()] {
			rest = append(rest, c)
		}
	}
	return rest
}

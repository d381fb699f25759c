// Package profile is one's own account: where the application stands, and what one may change oneself.
package profile

import (
	"strings"
	"time"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/service/ssr/form"
)

// View is what the pages show.
type View struct {
	Me      *bffpb.MeResponse
	Form    form.Form
	Devices *authpb.SessionsResponse // nil when they cannot be asked for right now
}

func (v View) submitted() time.Time { return v.Me.GetSubmittedAt().AsTime() }

// deviceName puts what a browser calls itself into a few words, such as "Firefox, Windows"; empty when it says nothing we know.
// The order matters: most browsers also claim to be those that came before them.
func deviceName(agent string) string {
	var words []string
	for _, known := range [][][2]string{
		{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"}, {"Chrome", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}},
		{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Macintosh", "Mac"}, {"Linux", "Linux"}},
	} {
		for _, sign := range known {
			if strings.Contains(agent, sign[0]) {
				words = append(words, sign[1])
				break
			}
		}
	}
	return strings.Join(words, ", ")
}

// Package login is how one gets in: the login, the link of the confirmation mail, and a new password.
//
// The forms post to auth, which alone sees passwords; it sends the browser back here with the code of what went wrong.
package login

import "github.com/rounds-cme/rounds/service/ssr/form"

// View is what the pages show.
type View struct {
	Form   form.Form
	Next   string // where to go on to
	Note   string // what was done just before: reset or everywhere
	Secret string // of the link that was opened
}

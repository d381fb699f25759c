package reader

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/rounds-cme/rounds/kit/i18n"
)

const (
	noticeCookie = "rounds_notice"
	year         = 365 * 24 * 3600
)

// Notice tells on the next page what was done, and how to undo it. It survives one redirect in a
// cookie; as it is shown as text by key, a forged one can harm nobody.
type Notice struct {
	Key  i18n.Key          `json:"k"`
	Args map[string]string `json:"a,omitempty"`
	Undo string            `json:"u,omitempty"` // where to POST to undo it
	Form map[string]string `json:"f,omitempty"` // fields of that POST
}

// Pairs are the arguments as Say wants them.
func (n Notice) Pairs() []any {
	var pairs []any
	for name, value := range n.Args {
		pairs = append(pairs, name, value)
	}
	return pairs
}

// Tell leaves a notice for the page that is redirected to.
func Tell(w http.ResponseWriter, n Notice) {
	raw, err := json.Marshal(n)
	if err != nil { // strings only
		panic(err)
	}
	http.SetCookie(w, &http.Cookie{
		Name: noticeCookie, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/", MaxAge: 30,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func takeNotice(w http.ResponseWriter, r *http.Request) *Notice {
	c, err := r.Cookie(noticeCookie)
	if err != nil || r.Method != http.MethodGet {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	var n Notice
	if json.Unmarshal(raw, &n) != nil || n.Key == "" || (n.Undo != "" && n.Undo[0] != '/') {
		return nil
	}
	return &n
}

// Choose keeps a language or a theme; what is not known is passed over.
func Choose(w http.ResponseWriter, r Reader, language, theme string) {
	if slices.Contains(r.Languages, language) {
		keep(w, LanguageCookie, language)
	}
	if slices.Contains([]string{Light, Dark, System}, theme) {
		keep(w, ThemeCookie, theme)
	}
}

func keep(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: year, SameSite: http.SameSiteLaxMode})
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return value
}

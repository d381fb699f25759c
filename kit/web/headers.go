package web

import (
	"net/http"
	"strings"
)

// Policy is what pages may load beside our own origin. Scripts and styles are never in it: with
// them from elsewhere, or inline, an injected text could become a program.
type Policy struct {
	Media   []string // sources of video, such as "https://video.example.org" or "blob:"
	Connect []string // where scripts may connect to
	Images  []string
	Workers []string // such as "blob:", which the HLS player needs
}

// ContentSecurityPolicy is the header of the policy.
func (p Policy) ContentSecurityPolicy() string {
	parts := []string{
		"default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'",
		sources("img-src", append([]string{"'self'", "data:"}, p.Images...)),
		sources("media-src", append([]string{"'self'"}, p.Media...)),
		sources("connect-src", append([]string{"'self'"}, p.Connect...)),
		sources("worker-src", append([]string{"'self'"}, p.Workers...)),
		"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
	}
	return strings.Join(parts, "; ")
}

// sources refuses what would end the directive and begin another.
func sources(directive string, list []string) string {
	for _, s := range list {
		if strings.ContainsAny(s, ";, \t\r\n") || s == "'unsafe-inline'" || s == "'unsafe-eval'" {
			panic("web: " + directive + " may not contain " + s)
		}
	}
	return directive + " " + strings.Join(list, " ")
}

// headers are on every answer. A handler may replace one for a special case, and says why there.
func headers(o Options) http.Header {
	h := http.Header{}
	h.Set("Content-Security-Policy", o.Policy.ContentSecurityPolicy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if o.HTTPS {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	return h
}

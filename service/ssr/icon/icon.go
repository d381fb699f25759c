// Package icon draws the icons of Rounds. An icon stands beside a word and never
// instead of one, so it is hidden from screen readers; size and colour follow the text.
package icon

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

func draw(name, inner string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<svg class="icon" data-icon="`+name+`" viewBox="0 0 24 24" fill="none" stroke="currentColor" `+
			`stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">`+inner+`</svg>`)
		return err
	})
}

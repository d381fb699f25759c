package text

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
)

// forms are the messages that were used last, as everybody is told them who speaks the same language in the same zone in the same second. The
// name of the person and their way out are blanks: putting ten thousand reminders into words would else say the same ten thousand times.
type forms struct {
	name, way string // the blanks: nothing that a person could have typed

	mu    sync.Mutex
	known map[string]Message
}

const (
	mostForms = 500
	// safe is what stands in an address of ours; one with anything else is written by the layout, which knows what to do about it.
	safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/?=._~-"
)

func newForms() *forms {
	return &forms{name: "name-" + uuid.NewString(), way: "way-" + uuid.NewString(), known: map[string]Message{}}
}

func (f *forms) find(key string) (Message, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, known := f.known[key]
	return m, known
}

func (f *forms) keep(key string, m Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= mostForms {
		clear(f.known)
	}
	f.known[key] = m
}

// fill puts a person and their way out into a form.
func (f *forms) fill(m Message, hello, unsubscribe string) Message {
	escaped := strings.ReplaceAll(template.HTMLEscapeString(hello), "+", "&#43;") // as the layout would
	m.Text = strings.ReplaceAll(strings.ReplaceAll(m.Text, f.way, unsubscribe), f.name, hello)
	m.HTML = strings.ReplaceAll(strings.ReplaceAll(m.HTML, f.way, unsubscribe), f.name, escaped)
	return m
}

// keyOf says all that a form depends on.
func keyOf(n *eventpb.Notification, unsubscribe string, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%s\x00%s\x00%s\x00%t\x00%t\x00%d\x00%d", n.GetKind(), n.GetLanguage(), n.GetZone(), n.GetPath(), n.GetTopic() != "",
		unsubscribe != "", n.GetExpiresAt().GetSeconds(), now.Unix())
	data := n.GetData()
	for _, name := range slices.Sorted(maps.Keys(data)) {
		b.WriteString("\x00" + name + "\x01" + data[name])
	}
	return b.String()
}

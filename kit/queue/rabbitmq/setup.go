package rabbitmq

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Management is the broker's HTTP API, as an administrator. It needs nothing but an address, while rabbitmqctl needs
// Erlang, the broker's cookie and a place on its machine.
type Management struct {
	base           string
	user, password string
	client         *http.Client
}

// NewManagement takes an address such as http://admin:secret@broker:15672.
func NewManagement(address string) (*Management, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User == nil {
		return nil, fmt.Errorf("not an address of the management API such as http://admin:secret@localhost:15672")
	}
	m := &Management{user: u.User.Username(), client: &http.Client{Timeout: 30 * time.Second}}
	m.password, _ = u.User.Password()
	u.User = nil
	m.base = strings.TrimSuffix(u.String(), "/") + "/api"
	return m, nil
}

// Setup makes the virtual host, everything in the table, and an account with its rights for each service. What is there
// already stays, with its messages; running it again changes rights and passwords to what they should be.
func (m *Management) Setup(ctx context.Context, vhost string, table []Queue, password func(user string) string) error {
	if err := m.put(ctx, "/vhosts/"+url.PathEscape(vhost), map[string]any{}); err != nil {
		return fmt.Errorf("make virtual host %s: %w", vhost, err)
	}
	mine := map[string]any{"configure": ".*", "write": ".*", "read": ".*"}
	if err := m.put(ctx, m.path("permissions", vhost, m.user), mine); err != nil {
		return fmt.Errorf("enter virtual host %s: %w", vhost, err)
	}
	for _, q := range table {
		for _, o := range q.Objects() {
			if err := m.declare(ctx, vhost, o); err != nil {
				return fmt.Errorf("make %s %s: %w", o.Kind, o.Name, err)
			}
		}
	}
	if err := m.keep(ctx, vhost); err != nil {
		return err
	}
	for _, service := range Services(table) {
		if err := m.account(ctx, vhost, User(service), password(User(service)), RightsOf(table, service)); err != nil {
			return err
		}
	}
	return nil
}

// keep has the broker drop nothing that is only looked at, as it would after twenty looks since version 4. It is a policy and no argument, which
// could not be given to queues that are there.
func (m *Management) keep(ctx context.Context, vhost string) error {
	const countless = 1 << 30
	err := m.put(ctx, m.path("policies", vhost, "rounds-keep"), map[string]any{
		"pattern": `^.+\.(dead|retry\..+)$`, "definition": map[string]any{"delivery-limit": countless}, "apply-to": "queues",
	})
	if err != nil {
		return fmt.Errorf("keep what is only looked at: %w", err)
	}
	return nil
}

func (m *Management) account(ctx context.Context, vhost, user, password string, r Rights) error {
	if err := m.put(ctx, "/users/"+url.PathEscape(user), map[string]any{"password": password, "tags": ""}); err != nil {
		return fmt.Errorf("make account %s: %w", user, err)
	}
	rights := map[string]any{"configure": r.Configure, "write": r.Write, "read": r.Read}
	if err := m.put(ctx, m.path("permissions", vhost, user), rights); err != nil {
		return fmt.Errorf("give rights to account %s: %w", user, err)
	}
	return nil
}

func (m *Management) declare(ctx context.Context, vhost string, o Object) error {
	switch o.Kind {
	case "exchange":
		return m.put(ctx, m.path("exchanges", vhost, o.Name), map[string]any{"type": o.Type, "durable": true})
	case "queue":
		return m.put(ctx, m.path("queues", vhost, o.Name), map[string]any{"durable": true, "arguments": o.Arguments})
	default:
		path := m.path("bindings", vhost, "e", o.From, "q", o.Name)
		return m.call(ctx, http.MethodPost, path, map[string]any{"routing_key": o.Key})
	}
}

func (m *Management) path(kind string, parts ...string) string {
	escaped := make([]string, len(parts))
	for n, part := range parts {
		escaped[n] = url.PathEscape(part)
	}
	return "/" + kind + "/" + strings.Join(escaped, "/")
}

func (m *Management) put(ctx context.Context, path string, body any) error {
	return m.call(ctx, http.MethodPut, path, body)
}

// call asks again what the broker fails at, as it does while it starts or clears something away: whatever is asked here
// may be done twice.
func (m *Management) call(ctx context.Context, method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	const tries = 6
	for try, pause := 1, 100*time.Millisecond; ; try, pause = try+1, 2*pause {
		failed, err := m.ask(ctx, method, path, text)
		if !failed || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// ask asks once; failed means that the broker itself says that it is its fault.
func (m *Management) ask(ctx context.Context, method, path string, body []byte) (failed bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, m.base+path, bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("ask the broker: %w", err)
	}
	request.SetBasicAuth(m.user, m.password)
	request.Header.Set("Content-Type", "application/json")
	response, err := m.client.Do(request)
	if err != nil {
		return false, fmt.Errorf("ask the broker: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode < http.StatusMultipleChoices {
		return false, nil
	}
	const most = 500
	answer, _ := io.ReadAll(io.LimitReader(response.Body, most))
	return response.StatusCode >= http.StatusInternalServerError, fmt.Errorf("the broker answered %s: %s", response.Status, answer)
}

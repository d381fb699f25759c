package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
	gomail "github.com/wneessen/go-mail"
)

// Broker is RabbitMQ, as one service reaches it.
type Broker struct {
	Service, URL string
	Exchanges    []string // that it puts into
}

// Look implements a check.
func (b Broker) Look(ctx context.Context) []Finding {
	name := "broker." + b.Service
	conn, err := amqp.DialConfig(b.URL, amqp.Config{Dial: func(network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}})
	if err != nil {
		return []Finding{{name, Bad, "cannot log in: " + reason(err), "Look whether RabbitMQ runs at --broker-url, and run rounds broker setup with the same --broker-secret."}}
	}
	defer func() { _ = conn.Close() }()
	channel, err := conn.Channel()
	if err != nil {
		return []Finding{{name, Bad, "does not answer: " + reason(err), "Look into the log of RabbitMQ."}}
	}
	for _, exchange := range b.Exchanges {
		if err := channel.ExchangeDeclarePassive(exchange, amqp.ExchangeDirect, true, false, false, false, nil); err != nil {
			return []Finding{{name, Bad, "there is no exchange " + exchange, "Run rounds broker setup."}}
		}
	}
	return []Finding{{name, Good, "logs in, and finds what it puts into", ""}}
}

// Redis is the cache between instances of the rooms.
type Redis struct{ URL string }

// Look implements a check.
func (r Redis) Look(ctx context.Context) []Finding {
	const name, do = "redis", "Look whether it runs at --livewebinar-redis-url. Rooms go on without it, and several instances hear each other a second later."
	if r.URL == "" {
		return []Finding{{name, None, "none is set here, and one instance of the rooms needs none", ""}}
	}
	at, err := url.Parse(r.URL)
	if err != nil || at.Host == "" {
		return []Finding{{name, Bad, "--livewebinar-redis-url is not an address such as redis://:password@redis:6379/0", do}}
	}
	conn, err := dial(ctx, at)
	if err != nil {
		return []Finding{{name, Note, "does not answer: " + reason(err), do}}
	}
	defer func() { _ = conn.Close() }()
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	if password, has := at.User.Password(); has {
		fmt.Fprintf(conn, "*3\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(user(at)), user(at), len(password), password)
	} else {
		fmt.Fprint(conn, "PING\r\n")
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "+") {
		return []Finding{{name, Note, "refuses us: " + strings.TrimSpace(line), do}}
	}
	return []Finding{{name, Good, "answers", ""}}
}

func user(at *url.URL) string {
	if name := at.User.Username(); name != "" {
		return name
	}
	return "default"
}

func dial(ctx context.Context, at *url.URL) (net.Conn, error) {
	if at.Scheme == "rediss" {
		return (&tls.Dialer{}).DialContext(ctx, "tcp", at.Host) //nolint:wrapcheck // the caller says it
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", at.Host) //nolint:wrapcheck // the caller says it
}

// Mail is the server that takes mails, with the settings of the notification center.
type Mail struct {
	Server, TLS, User, Password string
}

// Look implements a check: it logs in, and sends nothing.
func (m Mail) Look(ctx context.Context) []Finding {
	const name, do = "mail", "Look at --notificationcenter-smtp and what follows it. Mails wait meanwhile, and none is lost."
	if m.Server == "" {
		return []Finding{{name, Note, "none is set here: without one, e-mail goes to the mailbox page", "Give --notificationcenter-smtp, as the notification center has it."}}
	}
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return []Finding{{name, Bad, "--notificationcenter-smtp is not host:port", do}}
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return []Finding{{name, Bad, "--notificationcenter-smtp has no port", do}}
	}
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTLSPolicy(policy(m.TLS)), gomail.WithTimeout(patience)}
	if m.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.User), gomail.WithPassword(m.Password))
	}
	client, err := gomail.NewClient(host, options...)
	if err == nil {
		err = client.DialWithContext(ctx)
	}
	if err != nil {
		return []Finding{{name, Bad, "does not take us: " + reason(err), do}}
	}
	_ = client.Close()
	return []Finding{{name, Good, "takes us", ""}}
}

func policy(word string) gomail.TLSPolicy {
	switch word {
	case "none":
		return gomail.NoTLS
	case "opportunistic":
		return gomail.TLSOpportunistic
	}
	return gomail.TLSMandatory
}

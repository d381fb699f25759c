// Package reminders measures the way of a reminder: ten thousand people follow a webinar, its reminder falls due, and every one of
// them gets a mail (and a line on the site, as people do who said nothing about it).
//
//	timer due ──> event ──> run, page by page ──> queue or broker ──> words ──> SMTP ──> sink, a process of its own
//
// The floor is a tight loop over the mail library: the same bytes over as many connections to the same sink, without any of the above. It
// runs before and after the chain, for the machine may change meanwhile.
package reminders

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rounds-cme/rounds/kit/postgres"
	"github.com/rounds-cme/rounds/kit/queue/rabbitmq/rabbittest"
	"github.com/rounds-cme/rounds/test/load/bench"
	"github.com/rounds-cme/rounds/test/load/machine"
	"github.com/rounds-cme/rounds/test/load/program"
)

const (
	ahead   = 5 * time.Second // when the reminder falls due, counted from planning the webinar
	lead    = time.Hour       // as the scheduler's setting has it
	longest = 5 * time.Minute // of the chain
)

// Command is one measurement.
type Command struct {
	People      int    `default:"10000" help:"Who follows the webinar."`
	Connections int    `default:"4" help:"Connections to the mail server, of the chain and of the floor."`
	Broker      bool   `help:"Carry the messages over a private RabbitMQ instead of PostgreSQL alone."`
	Sign        string `default:"none" enum:"none,rsa,ed25519" help:"Have the chain sign mails (DKIM). The floor sends bytes that are signed already."`
	Runs        int    `default:"1" help:"How often; each on a new database."`
	Binary      string `help:"Measure this rounds instead of building one, to compare two." type:"path"`
	Profile     string `help:"Write a CPU profile of rounds here, taken while it sends." type:"path"`
}

// Run measures and prints the table.
func (c *Command) Run() error {
	return bench.Run(c.measure)
}

func (c *Command) measure(t *bench.T) error {
	bin, err := postgres.Find()
	if err != nil {
		return err
	}
	fmt.Println(machine.Describe(bin))
	dir := t.TempDir()
	if c.Binary == "" {
		if c.Binary, err = program.Build(t.Context(), dir); err != nil {
			return err
		}
	}
	settings := []string{
		"--no-demo", "--base-url", "https://rounds.example", "--notificationcenter-smtp-tls", "none",
		"--notificationcenter-workers", strconv.Itoa(c.Connections),
	}
	if c.Sign != "none" {
		key, err := writeKey(dir, c.Sign)
		if err != nil {
			return err
		}
		settings = append(settings, "--notificationcenter-dkim-domain", "rounds.example", "--notificationcenter-dkim-selector", "s",
			"--notificationcenter-dkim-key-file", key)
	}
	way := "PostgreSQL"
	if c.Broker {
		way = "RabbitMQ"
		broker, err := c.broker(t)
		if err != nil {
			return err
		}
		settings = append(settings, broker...)
	}
	s, err := startSink()
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = s.stop() })
	settings = append(settings, "--notificationcenter-smtp", s.address)
	fmt.Printf("%d reminders due at once, by way of %s, %d connections to the mail server, signed: %s\n\n", c.People, way, c.Connections, c.Sign)
	head()
	for n := range c.Runs {
		if err := c.once(t, s, filepath.Join(dir, strconv.Itoa(n)), settings); err != nil {
			return err
		}
	}
	return nil
}

// broker starts one and sets it up as an operator does.
func (c *Command) broker(t *bench.T) ([]string, error) {
	node, err := rabbittest.Start(t)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = node.Stop() })
	settings := []string{"--broker-url", node.Bare("rounds"), "--broker-secret", "of the measurement"}
	setup := exec.Command(c.Binary, append([]string{"broker", "setup", "--management-url", node.Management()}, settings...)...) //nolint:gosec,noctx // our own binary; it ends by itself
	if out, err := setup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("set the broker up: %w: %s", err, out)
	}
	return settings, nil
}

// once is the chain between two floors.
func (c *Command) once(t *bench.T, s *sink, data string, settings []string) error {
	rounds, err := program.Up(c.Binary, data, settings...)
	if err != nil {
		return err
	}
	defer func() { _, _ = rounds.Stop() }()
	conn, err := pgx.Connect(t.Context(), postgres.URL(postgres.SocketDir(filepath.Join(data, "postgres")), "rounds_admin", "rounds"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := c.warm(t.Context(), conn, s); err != nil {
		return fmt.Errorf("one reminder: %w", err)
	}
	sample, err := s.report()
	if err != nil {
		return err
	}
	before, err := c.floor(s, sample.Sample)
	if err != nil {
		return err
	}
	chain, err := c.chain(t.Context(), conn, rounds, s)
	if err != nil {
		return err
	}
	after, err := c.floor(s, chain.Sample)
	if err != nil {
		return err
	}
	floor := (before + after) / 2
	fmt.Printf("the chain sends at %.2f of the rate of the floor (%.2f of the one before, %.2f of the one after)\n\n",
		chain.rate()/floor, chain.rate()/before, chain.rate()/after)
	return nil
}

// warm reminds one person, so that the floor has a mail to send.
func (c *Command) warm(ctx context.Context, conn *pgx.Conn, s *sink) error {
	if _, err := plan(ctx, conn, 1, 0); err != nil {
		return err
	}
	return await(ctx, conn, 1)
}

// plan makes people, and a webinar that they follow and whose reminder falls due soon; it tells when.
func plan(ctx context.Context, conn *pgx.Conn, people int, soon time.Duration) (due time.Time, err error) {
	webinar, subject := uuid.New(), uuid.New()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, one := range []struct {
			sql  string
			args []any
		}{
			{`INSERT INTO datamanagement.account (id, email, password_hash, name, profession, licence_number, country, language, zone, roles, state,
				consent_version, consent_at, created_at, updated_at)
				SELECT gen_random_uuid(), $1 || n || '@example.org', 'x', 'Dr. Ana Novak ' || n, 'physician', 'X1', 'SI', 'en', 'Europe/Ljubljana', '{}',
				'approved', '1', now(), now(), now() FROM generate_series(1, $2::integer) AS n`, []any{"p" + subject.String()[:6], people}},
			{
				`INSERT INTO datamanagement.category (id, slug, name_en, name_sl) VALUES ($1, $2, 'Cardiology', 'Kardiologija')`,
				[]any{subject, "s-" + subject.String()},
			},
			{
				`INSERT INTO datamanagement.lecturer (id, slug, name, title, bio) VALUES ($1, $2, 'Dr. Maja Kranjc', 'Cardiologist', 'Bio')`,
				[]any{subject, "l-" + subject.String()},
			},
			{
				`INSERT INTO datamanagement.webinar (id, slug, title, description, lecturer_id, category_id, starts_at, zone, minutes, hundredths,
				credit_rule_id, video_url, sequence, created_at, updated_at)
				SELECT $1, $2, 'Heart failure: what is new in treatment', 'Text', $3, $3, now() + $4::interval, 'Europe/Ljubljana', 60, 100, r.id,
				'/clip.mp4', 1, now(), now() FROM datamanagement.credit_rule AS r LIMIT 1`,
				[]any{webinar, "w-" + webinar.String(), subject, soon + lead},
			},
			{`INSERT INTO datamanagement.subscription (account_id, kind, target_id, created_at)
				SELECT id, 'webinar', $1, now() FROM datamanagement.account WHERE email LIKE $2 || '%'`, []any{webinar, "p" + subject.String()[:6]}},
		} {
			if _, err := tx.Exec(ctx, one.sql, one.args...); err != nil {
				return err
			}
		}
		return tx.QueryRow(ctx, `SELECT starts_at - $2::interval FROM datamanagement.webinar WHERE id = $1`, webinar, lead).Scan(&due)
	})
	if err != nil {
		return due, fmt.Errorf("people and a webinar: %w", err)
	}
	if _, err := conn.Exec(ctx, `ANALYZE`); err != nil {
		return due, err
	}
	_, err = conn.Exec(ctx, `SELECT scheduler.plan_webinar($1, $2, 60, 1, false)`, webinar, due.Add(lead))
	return due, err
}

// await waits until so many mails, and as many lines on the site, are noted as sent.
func await(ctx context.Context, conn *pgx.Conn, people int) error {
	for end := time.Now().Add(longest); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		var sent, other int
		err := conn.QueryRow(ctx, `SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state <> 'sent') FROM notificationcenter.delivery`).Scan(&sent, &other)
		if err != nil {
			return err
		}
		if sent >= 2*people {
			return nil
		}
	}
	return errors.New("the reminders did not all go out")
}

// chain lets the reminder fall due, and waits until everybody has it.
func (c *Command) chain(ctx context.Context, conn *pgx.Conn, rounds *program.Rounds, s *sink) (figures, error) {
	due, err := plan(ctx, conn, c.People, ahead)
	if err != nil {
		return figures{}, err
	}
	if c.Profile != "" {
		defer rounds.Profile(c.Profile, ahead+10*time.Second)()
	}
	time.Sleep(time.Until(due) - 100*time.Millisecond)
	family := machine.Family(rounds.Pid())
	m := begin(family[0], s.pid(), family[1:])
	if err := await(ctx, conn, c.People+1); err != nil {
		return figures{}, err
	}
	f, err := m.end(s, due)
	if err != nil {
		return f, err
	}
	f.print("the chain")
	if f.Mails != c.People || f.People != c.People || f.IDs != c.People {
		return f, fmt.Errorf("of %d people %d got %d mails with %d Message-IDs", c.People, f.People, f.Mails, f.IDs)
	}
	return f, nil
}

// floor runs the tight loop, and tells its rate.
func (c *Command) floor(s *sink, sample []byte) (float64, error) {
	m := begin(os.Getpid(), s.pid(), nil)
	began := time.Now()
	if err := tightLoop(s.address, sample, c.People, c.Connections); err != nil {
		return 0, fmt.Errorf("the floor: %w", err)
	}
	f, err := m.end(s, began)
	if err != nil {
		return 0, err
	}
	f.print("floor: a tight loop")
	return f.rate(), nil
}

// Package notificationcenter renders and sends what people are told, by e-mail and on the site. The queue brings messages for
// one person on one channel, and pages of them: who of a page cannot be told with the others gets a message of their own, so that one
// that fails harms no other.
//
//	queue of the site ──> words ──> a row, shown by the bff through a view, with its delivery: many in one statement
//
//	queue ──> known and not sent yet? ──> words ──┬─ push:  the push service of each browser
//	              │ no: done                      └─ email: SMTP, or the mailbox where there is none
//	              v                                     │ failed: again with back-off, then a dead letter with the reason
//	            gone                                    v
//	                                              delivery: sent
//
// A message that expired is not handed over by the queue: nobody is reminded of a webinar that has begun.
package notificationcenter

import (
	"fmt"
	"time"

	livewebinarpb "github.com/rounds-cme/rounds/contract/livewebinar/v1"
	notificationcenterpb "github.com/rounds-cme/rounds/contract/notificationcenter/v1"
	"github.com/rounds-cme/rounds/kit/conf"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/kit/queue/desk"
	"github.com/rounds-cme/rounds/kit/retain"
	"github.com/rounds-cme/rounds/kit/rpc"
	"github.com/rounds-cme/rounds/kit/run"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/store"
	"github.com/rounds-cme/rounds/service/notificationcenter/internal/text"
)

// Config are the settings of this service.
type Config struct {
	SMTP         string        `name:"smtp" aliases:"smtp" help:"SMTP server as host:port; without it, e-mail goes to the mailbox page."`
	SMTPUser     string        `name:"smtp-user" help:"Account at the SMTP server; empty for none."`
	SMTPPassword conf.Secret   `name:"smtp-password" help:"Password of that account."`
	SMTPTLS      string        `name:"smtp-tls" default:"mandatory" enum:"mandatory,opportunistic,none" help:"Encryption towards the SMTP server (STARTTLS): mandatory, opportunistic or none."`
	SMTPTimeout  time.Duration `name:"smtp-timeout" default:"15s" help:"How long the SMTP server may take for one mail. Recipients for whom that was too short get more time, but never more than half of the workers."`
	From         string        `default:"Rounds <no-reply@rounds.example>" help:"Sender of e-mail."`
	DKIMDomain   string        `name:"dkim-domain" help:"Domain that mails are signed for; that of the sender or one above it. Empty: mails are not signed here."`
	DKIMSelector string        `name:"dkim-selector" help:"Name of the key below _domainkey in the DNS of that domain."`
	DKIMKeyFile  string        `name:"dkim-key-file" help:"File with the RSA or Ed25519 private key in PEM."`
	BounceSecret conf.Secret   `name:"bounce-secret" help:"Password with which the mail server hands over what came back (POST /mail/bounce, HTTP Basic, any user name). Empty: nothing is taken."`
	Workers      int           `default:"4" help:"Messages that are sent at once."`
	MaxAttempts  int           `default:"100" help:"How often a message is tried before it is put aside with the reason."`
	FirstRetry   time.Duration `default:"5s" help:"Pause before the second try; each further one is twice as long, up to 15 minutes."`
	OptoutKey    conf.Secret   `secret:"optout" help:"Secret with which the links that stop e-mails are signed, and the Message-IDs by which bounces are known; the same for all services. Keep it: old mails hold such links." default:""`
	PushKey      conf.Secret   `secret:"push" help:"Secret from which the key pair is made that signs pushes to browsers (VAPID). Keep it: with another one all browsers have to be turned on again." default:""`
	PushContact  string        `name:"push-contact" default:"postmaster@rounds.example" help:"Address at which makers of browsers can reach whoever runs this, as their push services want it."`
	PushLocal    bool          `name:"push-local" help:"Let push services be on this machine or in a private network, and without TLS; for tests."`
	OpenMailbox  bool          `help:"Show the mailbox to everybody who reaches the server, for demos on one's own machine; otherwise to administrators."`
}

type server struct {
	*run.Deps
	config Config
	store  *store.Queries
	writer *text.Writer
	mailer mailer
	pusher *pusher
	gates  *gatherer[gate, store.DeliveryGatesRow]
	notes  *gatherer[note, struct{}]
	places chan struct{} // one for each person of a page who is told at this moment
	bells  *bells
}

// New wires the service.
func New(d *run.Deps, config Config) (*run.Service, error) {
	writer, err := text.New(d.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &server{Deps: d, config: config, store: store.New(d.DB), writer: writer, places: make(chan struct{}, beside*max(config.Workers, 1))}
	if s.mailer, err = s.newMailer(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	s.pusher = s.newPusher()
	s.bells = newBells(livewebinarpb.NewLiveWebinarClient(d.Dial("livewebinar")))
	s.gather()
	return &run.Service{
		RPC: []rpc.Service{
			{Desc: &notificationcenterpb.NotificationCenter_ServiceDesc, Impl: &rpcServer{server: s}},
			{Desc: &notificationcenterpb.Mails_ServiceDesc, Impl: &mailServer{server: s}},
			desk.Serve(d.Queue, "notification.send", "notification.site"),
		},
		HTTP: s.routes(d.Web()),
		Work: append(retain.Work(d, "notificationcenter"),
			run.Work{Name: "messages", Run: s.consume}, run.Work{Name: "site", Run: s.site}, run.Work{Name: "bells", Run: s.ring}),
	}, nil
}

// For each connection to the mail server: inHand messages are worked on at once, most of them for a page of people, of whom beside are told at
// once. While one mail is sent, others are put into words, noted and acknowledged, many in one statement.
const (
	inHand = 16
	beside = 128
)

func (s *server) options() queue.Options {
	return queue.Options{
		Workers: inHand * s.config.Workers, Prefetch: inHand * s.config.Workers, Express: 1, MaxAttempts: s.config.MaxAttempts,
		Backoff: queue.Exponential(s.config.FirstRetry, 15*time.Minute),
	}
}

package reminders

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
	mailsmtp "github.com/wneessen/go-mail/smtp"
)

// tightLoop is the floor: the mail library sends the bytes of one of the chain's mails, as many times and over as many connections as the
// chain did, and does nothing else. Only the recipient and the Message-ID differ.
func tightLoop(address string, sample []byte, mails, connections int) error {
	clients := make([]*mailsmtp.Client, connections)
	for i := range clients {
		var err error
		if clients[i], err = dial(address); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
	}
	id := []byte(messageID(sample))
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, connections)
	for _, client := range clients {
		all.Go(func() {
			for n := next.Add(1); n <= int64(mails); n = next.Add(1) {
				mail := bytes.Replace(sample, id, []byte("<"+uuid.NewString()+"@rounds>"), 1)
				if err := send(client, fmt.Sprintf("<person%d@example.org>", n), mail); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	for _, client := range clients {
		_ = client.Quit()
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func dial(address string) (*mailsmtp.Client, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	client, err := gomail.NewClient(host, gomail.WithPort(number), gomail.WithTLSPolicy(gomail.NoTLS))
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(context.Background())
}

func send(client *mailsmtp.Client, to string, mail []byte) error {
	if err := client.Mail("<no-reply@rounds.example>"); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	content, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := content.Write(mail); err != nil {
		return err
	}
	return content.Close()
}

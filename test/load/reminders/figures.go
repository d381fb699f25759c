package reminders

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/rounds-cme/rounds/test/load/machine"
)

// figures are what one line of the table says.
type figures struct {
	received

	due                  time.Time
	took                 time.Duration
	sender, pg, receiver time.Duration // processor time
}

// rate is that of the mails between the first and the last.
func (f figures) rate() float64 { return float64(f.Mails-1) / f.Last.Sub(f.First).Seconds() }

// meter reads what processes take while mails are sent.
type meter struct {
	began                      time.Time
	sender, receiver           int
	database                   []int
	ownWas, pgWas, receiverWas time.Duration
}

func begin(sender, receiver int, database []int) meter {
	return meter{
		began: time.Now(), sender: sender, receiver: receiver, database: database,
		ownWas: machine.CPU(sender), pgWas: machine.CPU(database...), receiverWas: machine.CPU(receiver),
	}
}

func (m meter) end(s *sink, due time.Time) (figures, error) {
	f := figures{
		due: due, took: time.Since(m.began),
		sender: machine.CPU(m.sender) - m.ownWas, pg: machine.CPU(m.database...) - m.pgWas, receiver: machine.CPU(m.receiver) - m.receiverWas,
	}
	var err error
	f.received, err = s.report()
	return f, err
}

func head() {
	fmt.Printf("%-22s %8s %9s %12s %12s %8s %12s %14s %12s %12s\n", "what", "mails", "mails/s", "first after", "last after", "size",
		"CPU/mail", "PostgreSQL's", "sink's", "CPU we got")
}

func (f figures) print(what string) {
	each := func(d time.Duration) string {
		return fmt.Sprintf("%d µs", (d / time.Duration(max(f.Mails, 1))).Microseconds())
	}
	got := (f.sender + f.pg + f.receiver).Seconds() / f.took.Seconds() / float64(runtime.NumCPU())
	fmt.Printf("%-22s %8d %9.0f %10.2f s %10.2f s %5.1f kB %12s %14s %12s %10.0f %%\n", what, f.Mails, f.rate(), f.First.Sub(f.due).Seconds(),
		f.Last.Sub(f.due).Seconds(), float64(f.Bytes)/float64(max(f.Mails, 1))/1000, each(f.sender), each(f.pg), each(f.receiver), 100*got)
}

// writeKey makes a key to sign mails with.
func writeKey(dir, kind string) (string, error) {
	var private any
	var err error
	if kind == "rsa" {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	path := filepath.Join(dir, "dkim.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes}), 0o600)
}

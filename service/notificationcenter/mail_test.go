package notificationcenter_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/uuid"

	eventpb "github.com/rounds-cme/rounds/contract/event/v1"
	"github.com/rounds-cme/rounds/kit/optout"
	"github.com/rounds-cme/rounds/kit/queue"
	"github.com/rounds-cme/rounds/service/notificationcenter"
)

// keyFile writes a private key as an operator would, and gives the record that stands in the DNS.
func keyFile(t *testing.T, private crypto.Signer, algorithm string) (file, record string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	if raw, ok := private.Public().(ed25519.PublicKey); ok {
		public = raw
	}
	return file, "v=DKIM1; k=" + algorithm + "; p=" + base64.StdEncoding.EncodeToString(public)
}

func invited(kind string) *eventpb.Notification {
	n := message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
	n.Kind, n.Topic, n.Target, n.Zone = kind, "webinar", "00000000-0000-4000-8000-0000000000e1", "Europe/Ljubljana"
	n.Path = "/webinars/sepsis"
	n.Data = map[string]string{
		"title": "Sepsis, the first hour", "lecturer": "Dr. Miha Vzorec", "starts_at": "2026-11-26T17:00:00Z", "minutes": "60",
		"reason": "The lecturer is ill.", "webinar_id": n.Target, "sequence": "4",
	}
	return n
}

// one sends one mail to a server, and gives it as it arrived.
func one(t *testing.T, config notificationcenter.Config, n *eventpb.Notification) (raw string, read *mail.Message) {
	t.Helper()
	s := &sink{}
	config.SMTP, config.SMTPTLS, config.OptoutKey = s.serve(t), "none", "key"
	w := newWorld(t, config)
	w.put(queue.Message{Payload: n})
	w.until("the mail", func() bool { return len(s.sent()) == 1 })
	w.empty()
	_, raw, _ = strings.Cut(s.sent()[0], "\n")
	read, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return raw, read
}

func TestMailIsSigned(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, private := range map[string]crypto.Signer{"rsa": rsaKey, "ed25519": edKey} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			file, record := keyFile(t, private, algorithm)
			raw, _ := one(t, notificationcenter.Config{DKIMDomain: "rounds.example", DKIMSelector: "s1", DKIMKeyFile: file}, invited("webinar.reminder"))
			verify := func(raw string) error {
				found, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
					if domain != "s1._domainkey.rounds.example" {
						t.Errorf("the key is looked for at %s", domain)
					}
					return []string{record}, nil
				}})
				if err != nil || len(found) != 1 {
					t.Fatalf("%v, %d signatures in:\n%s", err, len(found), raw)
				}
				signed := strings.ToLower(strings.Join(found[0].HeaderKeys, " "))
				for _, header := range []string{"from", "to", "subject", "message-id", "list-unsubscribe", "list-unsubscribe-post"} {
					if !strings.Contains(" "+signed+" ", " "+header+" ") {
						t.Errorf("%s is not signed: %s", header, signed)
					}
				}
				return found[0].Err
			}
			if err := verify(raw); err != nil {
				t.Errorf("the signature does not hold: %v\n%s", err, raw)
			}
			if !holds(t, raw, private.Public()) {
				t.Errorf("the signature is not what the standard wants:\n%s", raw)
			}
			if verify(strings.Replace(raw, "/unsubscribe?token=", "/unsubscribe?token=X", 1)) == nil {
				t.Error("the way out can be changed on the way")
			}
			if verify("List-Unsubscribe: <https://evil.example/>\r\n"+raw) == nil {
				t.Error("another way out can be added on the way")
			}
		})
	}
}

func TestOneClickWayOut(t *testing.T) {
	t.Parallel()
	n := invited("webinar.reminder")
	_, read := one(t, notificationcenter.Config{}, n)
	if got := read.Header.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post: %q", got)
	}
	address := strings.Trim(read.Header.Get("List-Unsubscribe"), "<>")
	token, ours := strings.CutPrefix(address, "https://rounds.example/unsubscribe?token=")
	choice, err := optout.New("key").Verify(token)
	if !ours || err != nil || choice.Account.String() != n.GetAccountId() || choice.Topic != "webinar" || choice.Target.String() != n.GetTarget() ||
		choice.Channel != "email" {
		t.Errorf("%q is %+v, %v", address, choice, err)
	}
	n = message(eventpb.Channel_CHANNEL_EMAIL, uuid.New())
	n.Kind = "account.reset"
	raw, read := one(t, notificationcenter.Config{}, n)
	if read.Header.Get("List-Unsubscribe")+read.Header.Get("List-Unsubscribe-Post")+read.Header.Get("DKIM-Signature") != "" || strings.Contains(raw, "unsubscribe") {
		t.Errorf("a mail without a choice offers one:\n%s", raw)
	}
}

// parts are all parts of a mail by content type, decoded.
func parts(t *testing.T, kind string, body io.Reader, into map[string]string) {
	t.Helper()
	media, parameters, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		into[media+" "+parameters["method"]] = string(content)
		return
	}
	for reader := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if err != nil {
			return
		}
		var content io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			content = quotedprintable.NewReader(part)
		case "base64":
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		parts(t, part.Header.Get("Content-Type"), content, into)
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	for kind, method := range map[string]string{"webinar.reminder": "REQUEST", "webinar.moved": "REQUEST", "webinar.cancelled": "CANCEL"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			_, read := one(t, notificationcenter.Config{}, invited(kind))
			found := map[string]string{}
			parts(t, read.Header.Get("Content-Type"), read.Body, found)
			file := found["text/calendar "+method]
			for _, want := range []string{
				"METHOD:" + method, "UID:00000000-0000-4000-8000-0000000000e1@rounds", "SEQUENCE:4", "DTSTART;TZID=Europe/Ljubljana:20261126T180000",
				`ORGANIZER;CN="Rounds":mailto:no-reply@rounds.example`, "mailto:ana@rounds.example",
			} {
				if !strings.Contains(strings.ReplaceAll(file, "\r\n ", ""), want) {
					t.Errorf("no %s in:\n%s", want, file)
				}
			}
			if attached := found["application/ics "]; attached != file || file == "" {
				t.Errorf("the file and the part differ:\n%s\n%s", attached, file)
			}
			if found["text/plain "] == "" || found["text/html "] == "" {
				t.Error("words are missing")
			}
		})
	}
}

func TestNewsWithoutAWebinarHasNoInvitation(t *testing.T) {
	t.Parallel()
	n := invited("webinar.reminder")
	delete(n.Data, "sequence")
	if raw, _ := one(t, notificationcenter.Config{}, n); strings.Contains(raw, "calendar") {
		t.Error("an invitation that no calendar could place")
	}
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	t.Parallel()
	_, weak, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := keyFile(t, weak, "ed25519")
	broken := filepath.Join(t.TempDir(), "broken.pem")
	if err := os.WriteFile(broken, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	const from = "Rounds <no-reply@rounds.example>"
	for want, config := range map[string]notificationcenter.Config{
		"--notificationcenter-from":            {From: "nobody"},
		"must be host:port":                    {From: from, SMTP: "localhost"},
		"must be host:port, \"localhost:0\"":   {From: from, SMTP: "localhost:0"},
		"must be host:port, \"a:smtp\"":        {From: from, SMTP: "a:smtp"},
		"smtp-password belong together":        {From: from, SMTP: "localhost:25", SMTPUser: "u"},
		"in the clear":                         {From: from, SMTP: "mail.example:25", SMTPTLS: "none", SMTPUser: "u", SMTPPassword: "p"},
		"smtp-timeout":                         {From: from, SMTP: "localhost:25", SMTPTimeout: -1},
		"dkim-key-file belong together":        {From: from, DKIMDomain: "rounds.example"},
		"of another domain helps nobody":       {From: from, DKIMDomain: "other.example", DKIMSelector: "s", DKIMKeyFile: file},
		"must hold an RSA or Ed25519 private":  {From: from, DKIMDomain: "rounds.example", DKIMSelector: "s", DKIMKeyFile: broken},
		"dkim-key-file: open /does/not/exist:": {From: from, DKIMDomain: "rounds.example", DKIMSelector: "s", DKIMKeyFile: "/does/not/exist"},
	} {
		if _, err := begin(nil, config, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

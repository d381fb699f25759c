package notificationcenter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// stamp names mails in their Message-IDs, always the same for the same mail, so that a server or a person can tell a repetition.
//
// Whoever knows the name of a mail can say that it came back, and so stop all mail to its recipient. The id alone is no secret: it is
// made of whom it tells of what, and who hosts a webinar knows both. So the name has a seal, which only a mail that was sent shows.
//
//	0b8f0c1e-0000-5000-8000-0000000000a1.5f1c…@rounds
type stamp struct{ secret []byte }

const (
	domain   = "@rounds"
	sealSize = 10 // bytes; nobody tries 2^80 reports
)

func (s *server) stamp() stamp { return stamp{[]byte(s.config.OptoutKey.Reveal())} }

func (s stamp) of(id uuid.UUID) string { return id.String() + "." + s.seal(id) + domain }

// read finds the mail that a Message-ID names.
func (s stamp) read(name string) (id uuid.UUID, ours bool) {
	text, seal, _ := strings.Cut(strings.TrimSuffix(name, domain), ".")
	id, err := uuid.Parse(text)
	return id, err == nil && len(s.secret) > 0 && hmac.Equal([]byte(seal), []byte(s.seal(id)))
}

func (s stamp) seal(id uuid.UUID) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("rounds message")) // keeps it apart from all else that is signed with this key
	mac.Write(id[:])
	return hex.EncodeToString(mac.Sum(nil)[:sealSize])
}

package vapid_test

import (
	"crypto/ecdh"
	"encoding/base64"
	"testing"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/vapid"
)

func TestFrom(t *testing.T) {
	t.Parallel()
	one, again, other := vapid.From("one"), vapid.From("one"), vapid.From("other")
	if one != again || one == other {
		t.Error("not one pair for one secret")
	}
	raw, err := base64.RawURLEncoding.DecodeString(one.Private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	if public := base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()); public != one.Public {
		t.Errorf("%s is not the public key of the private one", one.Public)
	}
	if vapid.From("") != (vapid.Keys{}) {
		t.Error("keys without a secret")
	}
}

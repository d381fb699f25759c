package reach_test

import (
	"testing"

	"github.com/rounds-cme/rounds/service/notificationcenter/internal/reach"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{
		"127.0.0.1:443", "[::1]:443", "10.0.0.1:443", "172.16.3.4:443", "192.168.1.1:443", "169.254.169.254:80", "100.64.0.1:443", "0.0.0.0:443",
		"[::]:443", "[fe80::1]:443", "[fc00::1]:443", "[::ffff:127.0.0.1]:443", "[::ffff:10.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[2002:7f00:1::]:443",
		"224.0.0.1:443", "255.255.255.255:443", "198.18.0.1:443", "nonsense", "",
	} {
		if err := reach.Check(inside); !reach.Refused(err) {
			t.Errorf("%s was allowed: %v", inside, err)
		}
	}
	for _, public := range []string{"93.184.216.34:443", "[2606:2800:220:1::1]:443"} {
		if err := reach.Check(public); err != nil {
			t.Errorf("%s: %v", public, err)
		}
	}
}

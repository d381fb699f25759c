package notificationcenter_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// holds verifies a signature by nothing but the text of RFC 6376, so that a mistake of the library that signs cannot hide in
// its own verifier.
func holds(t *testing.T, raw string, public crypto.PublicKey) bool {
	t.Helper()
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	fields := strings.Split(regexp.MustCompile(`\r\n[ \t]+`).ReplaceAllString(head, " "), "\r\n")
	tags := map[string]string{}
	var signature string
	for _, field := range fields {
		if value, ok := strings.CutPrefix(field, "DKIM-Signature:"); ok {
			signature = field
			for tag := range strings.SplitSeq(value, ";") {
				name, value, _ := strings.Cut(tag, "=")
				tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
			}
		}
	}
	var lines []string
	for line := range strings.SplitSeq(body, "\r\n") {
		lines = append(lines, strings.TrimRight(regexp.MustCompile(`[ \t]+`).ReplaceAllString(line, " "), " "))
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(strings.Join(lines, "\r\n"), "\r\n") + "\r\n"))
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != tags["bh"] {
		t.Logf("hash of the body: %s, want %s", got, tags["bh"])
		return false
	}
	var signed strings.Builder
	left := fields
	for name := range strings.SplitSeq(tags["h"], ":") {
		for i := len(left) - 1; i >= 0; i-- { // from the bottom, each one once
			if key, _, _ := strings.Cut(left[i], ":"); strings.EqualFold(key, name) {
				signed.WriteString(relaxed(left[i]) + "\r\n")
				left = append(append([]string{}, left[:i]...), left[i+1:]...)
				break
			}
		}
	}
	signed.WriteString(relaxed(regexp.MustCompile(`(;\s*b=)[^;]*`).ReplaceAllString(signature, "$1")))
	value, err := base64.StdEncoding.DecodeString(tags["b"])
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(signed.String()))
	if key, ok := public.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, hash[:], value)
	}
	return rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, hash[:], value) == nil
}

func relaxed(field string) string {
	name, value, _ := strings.Cut(field, ":")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.TrimSpace(regexp.MustCompile(`[ \t]+`).ReplaceAllString(value, " "))
}

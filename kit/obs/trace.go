package obs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// Header carries the trace over HTTP and, with the same value, over gRPC and queues (W3C Trace Context).
const Header = "traceparent"

// span is the place of one unit of work within a trace.
type span struct{ trace, id string }

type spanKey struct{}

// Trace is the trace id in ctx: 32 hexadecimal digits, or "" before any work was started.
// It is also the request id that people are shown and may quote.
func Trace(ctx context.Context) string { return spanOf(ctx).trace }

// Traceparent is what to send along with a request or a message, or "" outside any trace.
func Traceparent(ctx context.Context) string {
	s := spanOf(ctx)
	if s.trace == "" {
		return ""
	}
	return "00-" + s.trace + "-" + s.id + "-01"
}

// WithTraceparent continues the trace that a peer sent. A value that is not a traceparent is
// replaced by a new trace: what a stranger sends is never written to the log.
func WithTraceparent(ctx context.Context, header string) context.Context {
	s, ok := parse(header)
	if !ok {
		s = span{trace: random(16), id: random(8)}
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// child opens a new span below the one in ctx, or a new trace.
func child(ctx context.Context) (context.Context, span, string) {
	parent := spanOf(ctx)
	s := span{trace: parent.trace, id: random(8)}
	if s.trace == "" {
		s.trace = random(16)
	}
	return context.WithValue(ctx, spanKey{}, s), s, parent.id
}

func spanOf(ctx context.Context) span {
	s, _ := ctx.Value(spanKey{}).(span)
	return s
}

// parse accepts version 00 and, as the standard asks, later versions that begin alike.
func parse(header string) (span, bool) {
	if len(header) > 256 {
		return span{}, false
	}
	parts := strings.Split(header, "-")
	if len(parts) < 4 || parts[0] == "ff" || (parts[0] == "00" && len(parts) != 4) {
		return span{}, false
	}
	sizes := [4]int{2, 32, 16, 2}
	for i, size := range sizes {
		if len(parts[i]) != size || !lowerHex(parts[i]) {
			return span{}, false
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return span{}, false
	}
	return span{trace: parts[1], id: parts[2]}, true
}

func lowerHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program rather than return an error
	return hex.EncodeToString(b)
}

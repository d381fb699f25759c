package crowd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

// The kinds of WebSocket frames that a server sends to us.
const (
	opText  = 1
	opClose = 8
)

const frameMost = 1 << 20

var (
	errFragment = errors.New("a fragmented frame")
	errTooLong  = errors.New("a frame of more than 1 MB")
	errMasked   = errors.New("a masked frame from a server")
)

// nextFrame cuts the first frame off what has come; whole is false while more of it must come.
func nextFrame(b []byte) (op byte, payload, rest []byte, whole bool, err error) {
	if len(b) < 2 {
		return 0, nil, b, false, nil
	}
	op, length, head := b[0]&0xf, uint64(b[1]&0x7f), 2
	switch {
	case b[0]&0x80 == 0 || op == 0:
		return 0, nil, b, false, errFragment
	case b[1]&0x80 != 0:
		return 0, nil, b, false, errMasked
	case length == 126 && len(b) >= 4:
		length, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127 && len(b) >= 10:
		length, head = binary.BigEndian.Uint64(b[2:]), 10
	case length >= 126:
		return 0, nil, b, false, nil
	}
	if length > frameMost {
		return 0, nil, b, false, errTooLong
	}
	if uint64(len(b)-head) < length {
		return 0, nil, b, false, nil
	}
	end := head + int(length) //nolint:gosec // below frameMost
	return op, b[head:end], b[end:], true, nil
}

// appendFrame adds a text frame as a client sends it. The mask is zero, which the protocol allows and which costs nothing.
func appendFrame(to, payload []byte) []byte {
	to = append(to, 0x80|opText)
	if n := len(payload); n < 126 {
		to = append(to, 0x80|byte(n))
	} else {
		to = append(to, 0x80|126)
		to = binary.BigEndian.AppendUint16(to, uint16(n)) //nolint:gosec // the server takes 8 KB at most
	}
	return append(append(to, 0, 0, 0, 0), payload...)
}

// handshake is the request of a browser, with what browsers say of themselves: a server may have to keep it.
func handshake(address, path, cookie string) []byte {
	text := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"+
		"Upgrade: websocket\r\nOrigin: http://%s\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"+
		"Accept-Language: en-GB,en;q=0.9,sl;q=0.8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", path, address, address)
	if cookie != "" {
		text += "Cookie: rounds_access=" + cookie + "\r\n"
	}
	return []byte(text + "\r\n")
}

// mark stands before the moment of sending in the text of each message.
const mark = "at="

// Body is the text of a message that was sent at a moment, in nanoseconds.
func Body(nano int64) string { return mark + strconv.FormatInt(nano, 10) + ";" }

// Push is a frame as the floor sends it: what a room would say, and nothing more.
func Push(sequence int, nano int64) []byte {
	return fmt.Appendf(nil, `{"push":{"channel":"room:0192f0c1-0000-7000-8000-000000000001","pub":{"data":{"messages":[{"sequence":%d,`+
		`"id":"0192f0c1-0000-7000-8000-000000000001","name":"Viewer 1","body":"%s","sentAt":"2026-11-26T17:00:00.000000Z"}]}}}}`, sequence, Body(nano))
}

// said is one message of a frame.
type said struct {
	sequence int32
	nano     int64
}

// messages finds the chat messages of a push or an answer. It reads no more than it must: numbers, and the moment in the
// body. Messages that say no moment (a person's own, in a test) have none.
func messages(into []said, text []byte) []said {
	_, text, found := bytes.Cut(text, []byte(`"messages":`))
	if !found {
		return into
	}
	for {
		var one []byte
		_, text, found = bytes.Cut(text, []byte(`"sequence":`))
		if !found {
			return into
		}
		one = text
		if next := bytes.Index(text, []byte(`"sequence":`)); next >= 0 {
			one = text[:next]
		}
		s := said{sequence: int32(number(one))} //nolint:gosec // the protocol has 32 bits here
		if _, at, marked := bytes.Cut(one, []byte(mark)); marked {
			s.nano = number(at)
		}
		into = append(into, s)
	}
}

// field is the number behind a name.
func field(text []byte, name string) (int64, bool) {
	_, rest, found := bytes.Cut(text, []byte(`"`+name+`":`))
	return number(rest), found
}

// text is the string behind a name, which must need no escaping.
func text(line []byte, name string) string {
	_, rest, found := bytes.Cut(line, []byte(`"`+name+`":"`))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// number reads the digits at the beginning.
func number(b []byte) int64 {
	var n int64
	for i, c := range b {
		if i == 0 && c == ' ' {
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

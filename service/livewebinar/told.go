package livewebinar

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// told is an answer of which large parts are the same for many, and so were encoded once for all of them. The message lacks them.
type told struct {
	proto.Message

	parts []part
}

// part is a field of the message by its name in JSON, and what stands in it.
type part struct {
	name string
	text []byte
}

// encode is an answer as a browser gets it.
func encode(m proto.Message) (json.RawMessage, error) {
	t, shares := m.(*told)
	if !shares {
		return protojson.Marshal(m) //nolint:wrapcheck // it says what it is
	}
	own, err := protojson.Marshal(t.Message)
	if err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	size := len(own)
	for _, p := range t.parts {
		size += len(p.name) + len(p.text) + len(`"":,`)
	}
	// What is shared stands behind what is not, before the brace that closes the message.
	text := append(make([]byte, 0, size), own[:len(own)-1]...)
	for _, p := range t.parts {
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), p.name...), '"', ':')
		text = append(text, p.text...)
	}
	return append(text, '}'), nil
}

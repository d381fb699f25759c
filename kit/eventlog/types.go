package eventlog

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// types knows the catalogue in both directions.
type types struct {
	message Types
	key     map[protoreflect.FullName]string // "" where several types have the message
}

func newTypes(all Types) *types {
	t := &types{message: all, key: map[protoreflect.FullName]string{}}
	for key, m := range all {
		name := proto.MessageName(m)
		if _, twice := t.key[name]; twice {
			key = ""
		}
		t.key[name] = key
	}
	return t
}

// name is the type of an event that may leave it out.
func (t *types) name(e Event) string {
	if e.Type != "" {
		return e.Type
	}
	return t.key[proto.MessageName(e.Message)]
}

func (t *types) encode(e Event) (kind string, payload []byte, err error) {
	kind = t.name(e)
	known, ok := t.message[kind]
	if !ok || proto.MessageName(known) != proto.MessageName(e.Message) {
		return "", nil, fmt.Errorf("no event type %q with the message %s", e.Type, proto.MessageName(e.Message))
	}
	payload, err = protojson.Marshal(e.Message)
	if err != nil {
		return "", nil, fmt.Errorf("encode event %s: %w", kind, err)
	}
	return kind, payload, nil
}

func (t *types) fresh(kind string) (proto.Message, error) {
	m, ok := t.message[kind]
	if !ok {
		return nil, fmt.Errorf("unknown event type %q", kind)
	}
	return m.ProtoReflect().New().Interface(), nil
}

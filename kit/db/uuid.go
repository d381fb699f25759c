package db

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// sendUUIDs has a connection send a uuid.UUID, and many of them, as the sixteen bytes that they are. By itself pgx asks it for its
// text, and parses that again; with reflection where there are many.
func sendUUIDs(conn *pgx.Conn) {
	m := conn.TypeMap()
	m.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapUUID}, m.TryWrapEncodePlanFuncs...)
}

func wrapUUID(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	switch v := value.(type) {
	case uuid.UUID:
		return &uuidPlan{}, sixteen(v), true
	case []uuid.UUID:
		return &uuidsPlan{}, sixteens(v), true
	default:
		return nil, nil, false
	}
}

type sixteen uuid.UUID

// UUIDValue implements pgtype.UUIDValuer.
func (b sixteen) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: b, Valid: true}, nil }

type uuidPlan struct{ next pgtype.EncodePlan }

// SetNext implements pgtype.WrappedEncodePlanNextSetter.
func (p *uuidPlan) SetNext(next pgtype.EncodePlan) { p.next = next }

// Encode implements pgtype.EncodePlan.
func (p *uuidPlan) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(sixteen(value.(uuid.UUID)), buf) //nolint:forcetypeassert // The plan was made for it.
}

func sixteens(ids []uuid.UUID) pgtype.FlatArray[sixteen] {
	if ids == nil {
		return nil // not empty, but no array
	}
	all := make(pgtype.FlatArray[sixteen], len(ids))
	for i, id := range ids {
		all[i] = sixteen(id)
	}
	return all
}

type uuidsPlan struct{ next pgtype.EncodePlan }

// SetNext implements pgtype.WrappedEncodePlanNextSetter.
func (p *uuidsPlan) SetNext(next pgtype.EncodePlan) { p.next = next }

// Encode implements pgtype.EncodePlan.
func (p *uuidsPlan) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(sixteens(value.([]uuid.UUID)), buf) //nolint:forcetypeassert // The plan was made for it.
}

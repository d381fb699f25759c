package errs

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// Kind says what a program may do about an error.
type Kind int

// The kinds. Internal is the zero value: what nobody classified is our fault.
const (
	Internal        Kind = iota // our mistake
	Invalid                     // the input is wrong; the same request will fail again
	Unauthenticated             // nobody is logged in
	Forbidden                   // somebody is, and may not
	NotFound                    // no such thing, or not for this person
	Conflict                    // the state does not allow it (now)
	TooMany                     // slow down
	TooLarge                    // the request is too big
	Unavailable                 // a part is down or late; trying again may help
)

// Sentences for errors that nobody described.
const (
	Sorry       = "Something went wrong on our side. Nothing was lost; please try again."
	Absent      = "This part is not available right now."
	Deadline    = "This took too long. Please try again."
	Canceled    = "The request was cancelled."
	CheckFields = "Please check the marked fields."
	Text        = "A text has characters in it that cannot be kept. Please type it again."
)

// trait is everything that follows from a kind.
type trait struct {
	name     string
	http     int
	grpc     codes.Code
	sentence string // when the other side sent none that people may read
}

func (k Kind) trait() trait {
	switch k {
	case Invalid:
		return trait{"invalid", http.StatusUnprocessableEntity, codes.InvalidArgument, "The request is not valid."}
	case Unauthenticated:
		return trait{"unauthenticated", http.StatusUnauthorized, codes.Unauthenticated, "Please log in."}
	case Forbidden:
		return trait{"forbidden", http.StatusForbidden, codes.PermissionDenied, "You may not do this."}
	case NotFound:
		return trait{"not_found", http.StatusNotFound, codes.NotFound, "There is nothing here."}
	case Conflict:
		return trait{"conflict", http.StatusConflict, codes.FailedPrecondition, "This is not possible at the moment."}
	case TooMany:
		return trait{"too_many", http.StatusTooManyRequests, codes.ResourceExhausted, "Too many requests. Please wait a moment."}
	case TooLarge:
		return trait{"too_large", http.StatusRequestEntityTooLarge, codes.ResourceExhausted, "This is too large."}
	case Unavailable:
		return trait{"unavailable", http.StatusServiceUnavailable, codes.Unavailable, Absent}
	default:
		return trait{"internal", http.StatusInternalServerError, codes.Internal, Sorry}
	}
}

// String is the name of the kind, as logged and as sent between services.
func (k Kind) String() string { return k.trait().name }

// HTTPStatus is the status that the web answers for a kind.
func HTTPStatus(k Kind) int { return k.trait().http }

// Kinds lists every kind, for tests and for the documentation.
func Kinds() []Kind {
	return []Kind{Internal, Invalid, Unauthenticated, Forbidden, NotFound, Conflict, TooMany, TooLarge, Unavailable}
}

func kindNamed(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.String() == name {
			return k, true
		}
	}
	return Internal, false
}

func kindOfCode(c codes.Code) Kind {
	switch c {
	case codes.InvalidArgument, codes.OutOfRange:
		return Invalid
	case codes.Unauthenticated:
		return Unauthenticated
	case codes.PermissionDenied:
		return Forbidden
	case codes.NotFound:
		return NotFound
	case codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted:
		return Conflict
	case codes.ResourceExhausted:
		return TooMany
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return Unavailable
	default:
		return Internal
	}
}

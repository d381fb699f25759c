package errs

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
)

// ContentType is the media type of a Problem.
const ContentType = "application/problem+json"

// Problem is an error as RFC 9457 tells it to a client, with the stable code and the field errors.
// Type is relative, so that it can be looked up in the documentation of the very site that answered.
type Problem struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail"`
	Code      string  `json:"code"`
	Fields    []Field `json:"fields,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
}

// ProblemOf describes err for a client. Nothing of its cause is in it.
func ProblemOf(err error, requestID string) Problem {
	e := Of(err)
	if e == nil {
		e = New(Internal, CodeInternal, Sorry)
	}
	code := HTTPStatus(e.Kind)
	return Problem{
		Type: "/problems/" + e.Code, Title: http.StatusText(code), Status: code,
		Detail: e.Sentence, Code: e.Code, Fields: e.Fields, RequestID: requestID,
	}
}

// Write answers with the problem. HEAD answers need no special case: net/http drops their body.
func (p Problem) Write(w http.ResponseWriter) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// RetryAfter is the value of the Retry-After header, or "" when e does not know.
func (e *Error) RetryAfter() string {
	if e == nil || e.Retry <= 0 {
		return ""
	}
	return strconv.Itoa(int(math.Ceil(e.Retry.Seconds())))
}

package pants

import "errors"

// Errors that a handler may want to tell apart with errors.Is.
var (
	// ErrFinished: the response is over, because Finish (or SendResponse, SendFile) was called, the handler of Wrap returned,
	// the client left, the time for it passed, or the connection was taken over: then the error is http.ErrHijacked as well.
	// Nothing was written.
	ErrFinished = errors.New("pants: response already finished")

	// ErrHeadersSent: the status line and the headers are on their way, they cannot be changed any more.
	ErrHeadersSent = errors.New("pants: headers already sent")

	// ErrNoSecret: the Server has no secret for secure cookies.
	ErrNoSecret = errors.New("pants: no cookie secret configured")

	// ErrBadCookie: a secure cookie is forged, damaged, of another name or from the future.
	ErrBadCookie = errors.New("pants: bad secure cookie")

	// ErrExpiredCookie: a secure cookie was genuine, but its time is over.
	ErrExpiredCookie = errors.New("pants: expired secure cookie")

	// ErrTooLarge: the request body is longer than Config.MaxRequest. The kit answers 413.
	ErrTooLarge = errors.New("pants: request body too large")
)

// refusal is an error that the kit answers by itself, before a Pants handler runs. The client reads the short text of its
// status, the log gets the whole error.
type refusal struct {
	status int
	err    error
}

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

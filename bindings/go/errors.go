package msptk

/*
#cgo pkg-config: msptk
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Status is the kind of a failure. The constants below are what errors.Is is asked for:
//
//	if errors.Is(err, msptk.ErrNotFound) { ... }
type Status int32

// The kinds of failure, with the numbers of the C library.
const (
	ErrInvalid     Status = C.MSPTK_E_INVALID     // an argument is wrong
	ErrNoMemory    Status = C.MSPTK_E_NOMEM       // memory ran out
	ErrNotFound    Status = C.MSPTK_E_NOTFOUND    // there is no such object
	ErrExists      Status = C.MSPTK_E_EXISTS      // the name or identity is taken
	ErrConflict    Status = C.MSPTK_E_CONFLICT    // the object's state does not allow it, or it changed meanwhile
	ErrUnsupported Status = C.MSPTK_E_UNSUPPORTED // this adapter or build cannot do it
	ErrTimeout     Status = C.MSPTK_E_TIMEOUT     // the deadline passed
	ErrCancelled   Status = C.MSPTK_E_CANCELLED   // the caller cancelled the work
	ErrClosed      Status = C.MSPTK_E_CLOSED      // the toolkit is closed
	ErrReentrant   Status = C.MSPTK_E_REENTRANT   // called from a callback that must not call it
	ErrCallback    Status = C.MSPTK_E_CALLBACK    // a callback failed or asked to stop
	ErrTooBig      Status = C.MSPTK_E_TOOBIG      // a limit on size or count was reached
	ErrDenied      Status = C.MSPTK_E_DENIED      // scope, read-only mode or policy forbids it
	ErrAuth        Status = C.MSPTK_E_AUTH        // a vendor refused the credentials
	ErrRate        Status = C.MSPTK_E_RATE        // a rate limit, ours or a vendor's
	ErrUnavailable Status = C.MSPTK_E_UNAVAILABLE // the other side cannot be reached or is broken
	ErrIO          Status = C.MSPTK_E_IO          // a file or device failed
	ErrBusy        Status = C.MSPTK_E_BUSY        // another process holds the database
	ErrCorrupt     Status = C.MSPTK_E_CORRUPT     // stored data fails its own checks
	ErrParse       Status = C.MSPTK_E_PARSE       // foreign text is not what it claims to be
	ErrConfig      Status = C.MSPTK_E_CONFIG      // the configuration is wrong
	ErrNewer       Status = C.MSPTK_E_NEWER       // written by a newer version of the library
	ErrCrypto      Status = C.MSPTK_E_CRYPTO      // a key is missing or wrong, or a seal does not verify
	ErrAudit       Status = C.MSPTK_E_AUDIT       // the audit trail cannot be written or does not verify
	ErrPlan        Status = C.MSPTK_E_PLAN        // a plan is required, stale or does not match
	ErrInternal    Status = C.MSPTK_E_INTERNAL    // a bug in the library
)

// Error is the name of the status, such as "E_NOTFOUND".
func (s Status) Error() string {
	return C.GoString(C.msptk_status_name(C.msptk_status(s)))
}

// Error is a failure, with everything that the library knows of it.
type Error struct {
	Status     Status        // the kind, for errors.Is
	Code       string        // the code that every door shows, such as "CLIENT_NOT_FOUND"
	Reason     string        // finer meaning for programs, such as "DEVICE_NOT_FOUND"
	Message    string        // what was being done, to what, and what went wrong; never a secret
	Suggestion string        // what the caller can do next
	Domain     string        // which part failed: "store", "config", the type of an adapter ...
	Retriable  bool          // whether the same call may succeed later
	RetryAfter time.Duration // how long to wait before it; 0 when that is not known
	HTTPStatus int           // what a vendor answered; 0 when there was no reply
	VendorCode string        // the vendor's own code
	Adapter    string        // the adapter instance that was involved
	ClientID   string        // the client that the call was about
	Cause      error         // the error below, which this one put into context; may be nil

	ended error // why the context ended, when that is what happened
	apart bool  // whether the message says nothing of the cause
}

// Error is the message, with those of its causes.
func (e *Error) Error() string {
	switch {
	case e.Message == "":
		return e.Status.Error()
	case e.apart && e.Cause != nil:
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is compares with a Status, and with context.Canceled or context.DeadlineExceeded when the context of the call was
// what ended it.
func (e *Error) Is(target error) bool {
	if status, ok := target.(Status); ok {
		return e.Status == status
	}
	return e.ended != nil && target == e.ended
}

// Errorf makes an error for an adapter or a check to return. A cause is given with %w as in fmt.Errorf.
func Errorf(status Status, format string, args ...any) *Error {
	made := fmt.Errorf(format, args...)
	return &Error{Status: status, Message: made.Error(), Cause: errors.Unwrap(made)}
}

// copyError makes a Go error of one that stays where it is.
func copyError(err *C.msptk_error) *Error {
	var view C.bridge_error
	C.bridge_error_view(err, &view)
	e := &Error{
		Status:     Status(view.status),
		Code:       C.GoString(view.code),
		Reason:     C.GoString(view.reason),
		Message:    C.GoString(view.message),
		Suggestion: C.GoString(view.suggestion),
		Domain:     C.GoString(view.domain),
		Retriable:  view.retriable != 0,
		RetryAfter: time.Duration(view.retry_after_ms) * time.Millisecond,
		HTTPStatus: int(view.http_status),
		VendorCode: C.GoString(view.vendor_code),
		Adapter:    C.GoString(view.adapter),
		ClientID:   C.GoString(view.client_id),
	}
	if view.cause != nil {
		e.Cause, e.apart = copyError(view.cause), true
	}
	return e
}

// takeError makes a Go error and releases the other one. Short memory may leave none to take.
func takeError(status C.msptk_status, err *C.msptk_error) *Error {
	if err == nil {
		return &Error{Status: Status(status)}
	}
	defer C.msptk_error_free(err)
	return copyError(err)
}

// closedError is what every call on a closed toolkit gives.
func closedError() *Error {
	return &Error{
		Status:     ErrClosed,
		Code:       "SYSTEM_ERROR",
		Reason:     "E_CLOSED",
		Message:    "the toolkit is closed",
		Suggestion: "open a toolkit again",
	}
}

// contextError is for a call that was over before it began.
func contextError(err error) *Error {
	e := &Error{Status: ErrCancelled, Code: "SYSTEM_ERROR", Reason: "E_CANCELLED", Message: "the context was over", ended: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Status, e.Reason = ErrTimeout, "E_TIMEOUT"
	}
	return e
}

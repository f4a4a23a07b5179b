package msptk

/*
#include "sdk.h"
*/
import "C"

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// The host's services may only be used on the thread of the slot. Go code moves between threads, so it runs on a goroutine of
// its own, and the thread of the slot runs errands for it.
type server struct {
	errands chan errand
	over    chan struct{}
}

type errand struct {
	run  func()
	done chan struct{}
}

// do runs a function on the thread of the slot; false when the slot has ended.
func (s *server) do(run func()) bool {
	e := errand{run, make(chan struct{})}
	select {
	case s.errands <- e:
		<-e.done
		return true
	case <-s.over:
		return false
	}
}

// How soon a slot hears that it was cancelled.
const cancelStep = 20 * time.Millisecond

// serve runs body and its errands until it returns. It is called on the thread of the slot.
func (s *server) serve(cancelled func() bool, leftMS int64, body func(context.Context) error) error {
	ctx, cancel := slotContext(leftMS)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		var err error = &PanicError{Value: "the goroutine was ended"} // by runtime.Goexit
		defer func() { ended <- err }()
		err = guard(func() error { return body(ctx) })
	}()
	tick := time.NewTicker(cancelStep)
	defer tick.Stop()
	for {
		select {
		case e := <-s.errands:
			e.run()
			close(e.done)
		case <-tick.C:
			if cancelled() {
				cancel()
			}
		case err := <-ended:
			close(s.over)
			return err
		}
	}
}

func slotContext(leftMS int64) (context.Context, context.CancelFunc) {
	if leftMS >= math.MaxInt64/int64(time.Millisecond) {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), time.Duration(leftMS)*time.Millisecond)
}

func newServer() *server {
	return &server{errands: make(chan errand), over: make(chan struct{})}
}

func slotOverError() error {
	return &Error{Status: ErrClosed, Code: "SYSTEM_ERROR", Reason: "E_CLOSED", Message: "the call that this belonged to has ended"}
}

// Domains of errors must outlive them: each is made once and stays.
var domains struct {
	mu   sync.Mutex
	made map[string]*C.char
}

func domainOf(name string) *C.char {
	domains.mu.Lock()
	defer domains.mu.Unlock()
	if made, ok := domains.made[name]; ok {
		return made
	}
	if domains.made == nil {
		domains.made = map[string]*C.char{}
	}
	made := C.CString(name)
	domains.made[name] = made
	return made
}

// statusOf is the status that the library acts on, for an error of Go code.
func statusOf(err error) Status {
	var e *Error
	var s Status
	var p *PanicError
	switch {
	case errors.As(err, &p):
		return ErrCallback
	case errors.As(err, &e) && e.Status < 0:
		return e.Status
	case errors.As(err, &s) && s < 0:
		return s
	case errors.Is(err, context.Canceled):
		return ErrCancelled
	case errors.Is(err, context.DeadlineExceeded):
		return ErrTimeout
	}
	return ErrUnavailable
}

// giveError makes an error of the library of one of Go code, and gives the status for the slot to return.
func giveError(ret **C.msptk_error, domain string, err error) C.int32_t {
	if err == nil {
		return C.MSPTK_OK
	}
	status := statusOf(err)
	message := cText(err.Error())
	C.msptk_error_set(ret, C.msptk_status(status), domainOf(domain), (*C.char)(unsafe.Pointer(&message[0])))
	var e *Error
	if errors.As(err, &e) && ret != nil && *ret != nil && (e.HTTPStatus != 0 || e.VendorCode != "" || e.RetryAfter != 0 || e.Retriable) {
		code := cText(e.VendorCode)
		C.msptk_error_set_vendor(*ret, C.int32_t(e.HTTPStatus), (*C.char)(unsafe.Pointer(&code[0])), C.int32_t(flagOf(e.Retriable)),
			C.int64_t(e.RetryAfter.Milliseconds()))
	}
	return C.int32_t(status)
}

// cText is text that ends with NUL, in memory of Go.
func cText(text string) []byte {
	if end := strings.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return append([]byte(text), 0)
}

// cTexts are texts one after the other.
func cTexts(texts ...string) []byte {
	var out []byte
	for _, text := range texts {
		out = append(out, cText(text)...)
	}
	return out
}

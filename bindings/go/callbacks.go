package msptk

/*
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"runtime/debug"
	"time"
)

// PanicError is a panic of a callback, an adapter or a check, which became an error.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // where
}

// Error says what was given to panic.
func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Unwrap gives the error that was given to panic, if it was one.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// guard runs code that is not ours: a panic in it ends here, because C must not be unwound.
func guard(fn func() error) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		value := recover()
		if value == nil {
			value = "the goroutine was ended" // by runtime.Goexit
		}
		err = &PanicError{Value: value, Stack: debug.Stack()}
	}()
	err = fn()
	done = true
	return err
}

// progress is what the progress callback of one call needs and leaves.
type progress struct {
	fn  func(Progress) error
	err error
}

//export goProgress
func goProgress(user C.uintptr_t, done, total C.int64_t, what *C.char) C.int32_t {
	p := cgo.Handle(user).Value().(*progress)
	told := Progress{Done: int64(done), Total: int64(total), What: C.GoString(what)}
	if err := guard(func() error { return p.fn(told) }); err != nil {
		p.err = err
		return 1
	}
	return 0
}

//export goClock
func goClock(user C.uintptr_t) C.int64_t {
	var now time.Time
	fn := cgo.Handle(user).Value().(func() time.Time)
	if guard(func() error { now = fn(); return nil }) != nil {
		now = time.Now()
	}
	return C.int64_t(now.UnixMicro())
}

//export goLog
func goLog(user C.uintptr_t, level C.int32_t, room, message *C.char) {
	fn := cgo.Handle(user).Value().(func(LogLevel, string, string))
	_ = guard(func() error { fn(LogLevel(level), C.GoString(room), C.GoString(message)); return nil })
}

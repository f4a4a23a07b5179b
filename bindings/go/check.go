package msptk

/*
#include <stdlib.h>
#include "sdk.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Check is a check of your own. It runs in every health check once for each client, or, if it is a DeviceCheck that says
// so, once for each device. A failure becomes an unknown result with its message, and so does a run that reports nothing.
type Check interface {
	Name() string    // slug; the check's name in results and policy
	Version() string // shown in evidence
	Execute(ctx context.Context, run *CheckRun) error
}

// DeviceCheck is a Check that may run once for each device.
type DeviceCheck interface {
	Check
	PerDevice() bool
}

// NewCheck makes a Check of a function.
func NewCheck(name, version string, execute func(ctx context.Context, run *CheckRun) error) Check {
	return &functionCheck{name, version, execute}
}

type functionCheck struct {
	name, version string
	execute       func(ctx context.Context, run *CheckRun) error
}

func (c *functionCheck) Name() string                                     { return c.name }
func (c *functionCheck) Version() string                                  { return c.version }
func (c *functionCheck) Execute(ctx context.Context, run *CheckRun) error { return c.execute(ctx, run) }

// CheckRun is one run of a check: whom it is about, and where it reports. It may be used from any goroutine until Execute
// returns.
type CheckRun struct {
	Client     Client          `json:"client"`
	Device     *Device         `json:"device"` // nil when the check runs once for each client
	Parameters json.RawMessage `json:"parameters"`

	server *server
	host   *C.msptk_check_host
}

// Report says how it stands: one line for people, and facts that are kept as evidence (nil for none; else an object). It
// may be called once for each instance; the instance is empty when there is only one.
func (r *CheckRun) Report(instance string, state State, message string, facts any) error {
	var text []byte
	if facts != nil {
		var err error
		if text, err = json.Marshal(facts); err != nil {
			return Errorf(ErrInvalid, "the facts of a check cannot be written as JSON: %w", err)
		}
	}
	where, line := cText(instance), cText(message)
	return r.do(func() C.msptk_status {
		return C.bridge_check_report(r.host, pointerOf(where), state.c(), pointerOf(line), pointerOf(text), C.size_t(len(text)))
	})
}

// Metric gives a number that belongs to the outcome of an instance. Where that was reported as StateJudge, the thresholds
// of the policy decide.
func (r *CheckRun) Metric(instance, metric string, value float64, unit string) error {
	where, name, what := cText(instance), cText(metric), cText(unit)
	return r.do(func() C.msptk_status {
		return C.bridge_check_metric(r.host, pointerOf(where), pointerOf(name), C.double(value), pointerOf(what))
	})
}

// Now is the time by the clock of the toolkit.
func (r *CheckRun) Now() time.Time {
	var now time.Time
	r.server.do(func() { now = time.UnixMicro(int64(C.bridge_check_now(r.host))).UTC() })
	return now
}

// Log writes a line to the log of the host program, if it wants one.
func (r *CheckRun) Log(level LogLevel, message string) {
	line := cText(message)
	r.server.do(func() { C.bridge_check_log(r.host, C.int32_t(level), pointerOf(line)) })
}

func (r *CheckRun) do(fn func() C.msptk_status) error {
	var st C.msptk_status
	if !r.server.do(func() { st = fn() }) {
		return slotOverError()
	}
	if st < 0 {
		return &Error{Status: Status(st), Message: "the report was refused"}
	}
	return nil
}

// RegisterCheck registers a check; it runs in every health check from now on.
func (t *Toolkit) RegisterCheck(c Check) error {
	if err := t.enter(); err != nil {
		return err
	}
	defer t.leave()
	per := C.int32_t(C.MSPTK_CHECK_PER_CLIENT)
	if d, ok := c.(DeviceCheck); ok && d.PerDevice() {
		per = C.MSPTK_CHECK_PER_DEVICE
	}
	name, version := C.CString(c.Name()), C.CString(c.Version())
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(version))
	h := cgo.NewHandle(c)
	var err *C.msptk_error
	if st := C.bridge_register_check(t.c, C.uintptr_t(h), name, version, per, &err); st < 0 {
		h.Delete()
		return takeError(st, err)
	}
	return nil
}

//export goCheck
func goCheck(user C.uintptr_t, host *C.msptk_check_host, text *C.char, ret **C.msptk_error) C.int32_t {
	c := cgo.Handle(user).Value().(Check)
	run := &CheckRun{server: newServer(), host: host}
	if err := json.Unmarshal([]byte(C.GoString(text)), run); err != nil {
		return giveError(ret, "go", Errorf(ErrParse, "the context of a check is not of the shape that this package was made for: %w", err))
	}
	cancelled := func() bool { return C.bridge_check_cancelled(host) != 0 }
	err := run.server.serve(cancelled, int64(C.bridge_check_deadline_left(host)), func(ctx context.Context) error { return c.Execute(ctx, run) })
	if p, ok := err.(*PanicError); ok {
		line := cText(fmt.Sprintf("check: %v\n%s", p, p.Stack))
		C.bridge_check_log(host, C.int32_t(LogError), pointerOf(line))
		err = Errorf(ErrCallback, "the check failed: %w", p)
	}
	return giveError(ret, "go", err)
}

//export goCheckDestroy
func goCheckDestroy(user C.uintptr_t) { cgo.Handle(user).Delete() }

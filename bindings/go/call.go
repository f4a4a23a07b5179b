package msptk

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime/cgo"
	"time"
	"unsafe"
)

// Verdict is what a result says of the world.
type Verdict int

// Verdicts, with the numbers of check programs.
const (
	VerdictOK Verdict = iota
	VerdictWarning
	VerdictCritical
	VerdictUnknown
)

// String is "ok", "warning", "critical" or "unknown".
func (v Verdict) String() string {
	names := [...]string{"ok", "warning", "critical", "unknown"}
	if v < 0 || int(v) >= len(names) {
		return names[VerdictUnknown]
	}
	return names[v]
}

// Reply is what every result has.
type Reply struct {
	text    json.RawMessage
	verdict Verdict
}

// JSON is the whole result as the library gave it, also what this package has no field for.
func (r *Reply) JSON() json.RawMessage { return r.text }

// Verdict is what the result says of the world; VerdictOK for operations that judge nothing.
func (r *Reply) Verdict() Verdict { return r.verdict }

func (r *Reply) fill(from *Reply) { *r = *from }

// Plan is what an operation would do. Nothing was changed. What WithPlanToken runs is this plan, once, and only as long as
// what it touches has not changed.
type Plan struct {
	Changes   []Change  `json:"changes"`
	Revision  any       `json:"revision"` // of what it touches; nil where that has none
	Token     string    `json:"plan_token"`
	ExpiresAt time.Time `json:"plan_expires_at"`
	Reply     `json:"-"`
}

// Change is one thing that a plan would do.
type Change struct {
	Action string `json:"action"` // "create", "update", "delete" ...
	What   string `json:"what"`   // "client", "device", "threshold" ...
	ID     string `json:"id"`
	Before any    `json:"before"` // as encoding/json makes it; nil when there is nothing before
	After  any    `json:"after"`  // likewise
}

// Progress says how far a call is.
type Progress struct {
	Done, Total int64 // Total is 0 when it is not known
	What        string
}

// CallOption is a wish for one call.
type CallOption func(*callOptions)

type callOptions struct {
	texts    [][2]string
	timeout  time.Duration
	readOnly bool
	plan     bool
	progress func(Progress) error
}

func (o *callOptions) text(name, value string) { o.texts = append(o.texts, [2]string{name, value}) }

// WithPrincipal says who acts: for the audit trail, for limits and permissions.
func WithPrincipal(who string) CallOption {
	return func(o *callOptions) { o.text("principal", who) }
}

// WithPlanToken runs the plan that Toolkit.Plan made.
func WithPlanToken(token string) CallOption {
	return func(o *callOptions) { o.text("plan_token", token) }
}

// WithIdempotencyKey makes a change that is asked for twice with the same key happen once.
func WithIdempotencyKey(key string) CallOption {
	return func(o *callOptions) { o.text("idempotency_key", key) }
}

// WithTraceID names the request in the audit trail.
func WithTraceID(id string) CallOption {
	return func(o *callOptions) { o.text("trace_id", id) }
}

// WithTimeout ends the call after that long, if the context does not end it before.
func WithTimeout(d time.Duration) CallOption {
	return func(o *callOptions) { o.timeout = d }
}

// WithReadOnly refuses the call if it changes state.
func WithReadOnly() CallOption {
	return func(o *callOptions) { o.readOnly = true }
}

// WithProgress hears how far the call is, on the goroutine of the call. An error stops the call, which then fails with
// ErrCallback and has that error as its cause.
func WithProgress(fn func(Progress) error) CallOption {
	return func(o *callOptions) { o.progress = fn }
}

// The clock of a deadline in C is whole milliseconds; this much before the context's own deadline still is that deadline.
const deadlineSlack = 3 * time.Millisecond

// call is one call on its way through C.
type call struct {
	ctx      context.Context
	opts     *C.msptk_call_opts
	cancel   *C.msptk_cancel
	told     *progress
	handle   cgo.Handle
	over     chan struct{} // closed when the call is over
	watching chan struct{} // closed when nobody looks at the context any more
}

func begin(ctx context.Context, list []CallOption, plan bool) (*call, error) {
	o := callOptions{plan: plan}
	for _, opt := range list {
		opt(&o)
	}
	if err := ctx.Err(); err != nil {
		return nil, contextError(err)
	}
	k := &call{ctx: ctx, opts: C.msptk_call_opts_new()}
	if k.opts == nil {
		return nil, &Error{Status: ErrNoMemory}
	}
	if err := k.set(&o); err != nil {
		k.end()
		return nil, err
	}
	return k, nil
}

func (k *call) set(o *callOptions) error {
	if err := k.setText("door", "go"); err != nil {
		return err
	}
	for _, t := range o.texts {
		if err := k.setText(t[0], t[1]); err != nil {
			return err
		}
	}
	numbers := []struct {
		name  string
		value int64
	}{{"timeout_ms", timeoutOf(k.ctx, o.timeout)}, {"plan", flagOf(o.plan)}, {"read_only", flagOf(o.readOnly)}}
	for _, n := range numbers {
		if n.value == 0 {
			continue
		}
		if err := k.setInt(n.name, n.value); err != nil {
			return err
		}
	}
	if o.progress != nil {
		k.told = &progress{fn: o.progress}
		k.handle = cgo.NewHandle(k.told)
		C.bridge_set_progress(k.opts, C.uintptr_t(k.handle))
	}
	return k.watch()
}

func flagOf(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// timeoutOf is the nearer of both ends in milliseconds; 0 when there is neither.
func timeoutOf(ctx context.Context, timeout time.Duration) int64 {
	if end, ok := ctx.Deadline(); ok {
		if left := time.Until(end); timeout <= 0 || left < timeout {
			timeout = left
			if timeout < time.Millisecond {
				timeout = time.Millisecond
			}
		}
	}
	if timeout > 0 && timeout < time.Millisecond {
		timeout = time.Millisecond
	}
	return timeout.Milliseconds()
}

func (k *call) setText(name, value string) error {
	var err *C.msptk_error
	n, v := C.CString(name), C.CString(value)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(v))
	if st := C.msptk_call_opts_set_str(k.opts, n, v, &err); st < 0 {
		return takeError(st, err)
	}
	return nil
}

func (k *call) setInt(name string, value int64) error {
	var err *C.msptk_error
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	if st := C.msptk_call_opts_set_int(k.opts, n, C.int64_t(value), &err); st < 0 {
		return takeError(st, err)
	}
	return nil
}

// watch cancels the call when its context ends.
func (k *call) watch() error {
	if k.ctx.Done() == nil {
		return nil
	}
	k.cancel = C.msptk_cancel_new()
	if k.cancel == nil {
		return &Error{Status: ErrNoMemory}
	}
	C.msptk_call_opts_set_cancel(k.opts, k.cancel)
	k.over, k.watching = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(k.watching)
		select {
		case <-k.ctx.Done():
			C.msptk_cancel_trigger(k.cancel)
		case <-k.over:
		}
	}()
	return nil
}

// end releases everything; nobody may look at the context any more when the token goes.
func (k *call) end() {
	if k.over != nil {
		close(k.over)
		<-k.watching
	}
	C.msptk_cancel_free(k.cancel)
	C.msptk_call_opts_free(k.opts)
	if k.handle != 0 {
		k.handle.Delete()
	}
}

// failure says of an error whether the context or a callback was behind it.
func (k *call) failure(status C.msptk_status, err *C.msptk_error) *Error {
	e := takeError(status, err)
	switch e.Status {
	case ErrCallback:
		if k.told != nil && k.told.err != nil {
			e.Cause, e.apart = k.told.err, true
		}
	case ErrCancelled:
		e.ended = k.ctx.Err()
	case ErrTimeout:
		if end, ok := k.ctx.Deadline(); ok && time.Until(end) < deadlineSlack {
			e.ended = context.DeadlineExceeded
		}
	}
	return e
}

// do makes one call. With keep the result stays in C.
func (t *Toolkit) do(ctx context.Context, p Params, opts []CallOption, plan, keep bool) (C.bridge_reply, error) {
	var none C.bridge_reply
	if err := t.enter(); err != nil {
		return none, err
	}
	defer t.leave()
	text, json, err := ask(p)
	if err != nil {
		return none, err
	}
	k, err := begin(ctx, opts, plan)
	if err != nil {
		return none, err
	}
	defer k.end()
	reply := C.bridge_call(t.c, (*C.char)(unsafe.Pointer(&text[0])), C.size_t(json), C.size_t(len(text)), k.opts,
		C.int32_t(flagOf(keep)))
	if reply.status < 0 {
		return none, k.failure(reply.status, reply.err)
	}
	return reply, nil
}

// takeText copies the text of a reply and releases it.
func takeText(reply *C.bridge_reply) []byte {
	defer C.msptk_string_free(reply.text)
	return C.GoBytes(unsafe.Pointer(reply.text), C.int(reply.len))
}

// Call does an operation and gives its result as JSON. The methods that are named after the operations give it typed.
func (t *Toolkit) Call(ctx context.Context, p Params, opts ...CallOption) (*Reply, error) {
	reply, err := t.do(ctx, p, opts, false, false)
	if err != nil {
		return nil, err
	}
	return &Reply{text: takeText(&reply), verdict: Verdict(reply.verdict)}, nil
}

// Plan says what an operation would do, and changes nothing. The plan is run by the same call with WithPlanToken.
func (t *Toolkit) Plan(ctx context.Context, p Params, opts ...CallOption) (*Plan, error) {
	reply, err := t.do(ctx, p, opts, true, false)
	if err != nil {
		return nil, err
	}
	plan := &Plan{}
	return plan, decode(takeText(&reply), p, plan, &plan.Reply)
}

func decode(text []byte, p Params, into any, reply *Reply) error {
	reply.text = text
	if err := json.Unmarshal(text, into); err != nil {
		return &Error{Status: ErrParse, Code: "SYSTEM_ERROR", Reason: "E_PARSE", Cause: err, apart: true,
			Message: "the result of '" + p.OperationName() + "' is not of the shape that this package was made for"}
	}
	return nil
}

// pointerTo is a result struct, which embeds Reply.
type pointerTo[R any] interface {
	*R
	fill(*Reply)
}

// invoke is what the generated methods are made of.
func invoke[R any, P pointerTo[R]](ctx context.Context, t *Toolkit, p Params, opts []CallOption) (*R, error) {
	reply, err := t.Call(ctx, p, opts...)
	if err != nil {
		return nil, err
	}
	result := new(R)
	if err := decode(reply.text, p, result, reply); err != nil {
		return nil, err
	}
	P(result).fill(reply)
	return result, nil
}

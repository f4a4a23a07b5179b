package msptk

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

// LogLevel says how much a line of the log matters.
type LogLevel int32

// Levels of the log.
const (
	LogDebug LogLevel = iota
	LogInfo
	LogWarning
	LogError
)

// Option is a wish for Open.
type Option func(*openOptions) error

type openOptions struct {
	c       *C.msptk_toolkit_opts
	flags   C.uint64_t
	handles []cgo.Handle
}

func (o *openOptions) flag(bit C.uint64_t) error {
	o.flags |= bit
	return nil
}

// ConfigFile names the configuration file.
func ConfigFile(path string) Option {
	return func(o *openOptions) error {
		var err *C.msptk_error
		c := C.CString(path)
		defer C.free(unsafe.Pointer(c))
		if st := C.msptk_toolkit_opts_set_config_path(o.c, c, &err); st < 0 {
			return takeError(st, err)
		}
		return nil
	}
}

// Setting sets one setting of docs/configuration.md above what file and environment say. The value is YAML, so that
// lists and maps can be given: Setting("adapters", "[{name: demo, type: fake}]"). The key "principal" says who acts
// when a call does not.
func Setting(key, value string) Option {
	return func(o *openOptions) error {
		var err *C.msptk_error
		k, v := C.CString(key), C.CString(value)
		defer C.free(unsafe.Pointer(k))
		defer C.free(unsafe.Pointer(v))
		if st := C.msptk_toolkit_opts_set(o.c, k, v, &err); st < 0 {
			return takeError(st, err)
		}
		return nil
	}
}

// ReadEnvironment lets MSPTK_... variables and a .env file beside the configuration override settings.
func ReadEnvironment() Option {
	return func(o *openOptions) error { return o.flag(C.MSPTK_OPEN_READ_ENVIRONMENT) }
}

// SearchConfig looks for a configuration file in the usual places.
func SearchConfig() Option {
	return func(o *openOptions) error { return o.flag(C.MSPTK_OPEN_SEARCH_CONFIG) }
}

// ReadOnly refuses whatever changes state, and writes nothing at all: health checks cannot run.
func ReadOnly() Option {
	return func(o *openOptions) error { return o.flag(C.MSPTK_OPEN_READ_ONLY) }
}

// NoChanges refuses operations that change state; what is observed and the audit trail are still written.
func NoChanges() Option {
	return func(o *openOptions) error { return o.flag(C.MSPTK_OPEN_NO_CHANGES) }
}

// Lazy opens each part when an operation first needs it.
func Lazy() Option {
	return func(o *openOptions) error { return o.flag(C.MSPTK_OPEN_LAZY) }
}

// Clock lets the host say what time it is, for tests and simulations. It is called from any thread.
func Clock(now func() time.Time) Option {
	return func(o *openOptions) error {
		h := cgo.NewHandle(now)
		o.handles = append(o.handles, h)
		C.bridge_set_clock(o.c, C.uintptr_t(h))
		return nil
	}
}

// Log hears what the library logs; without it nothing is logged. It is called from any thread, and must not call the
// toolkit.
func Log(fn func(level LogLevel, room, message string)) Option {
	return func(o *openOptions) error {
		h := cgo.NewHandle(fn)
		o.handles = append(o.handles, h)
		C.bridge_set_log(o.c, C.uintptr_t(h))
		return nil
	}
}

// Toolkit is the root of everything: it has the configuration, the store, the vault and the adapters open. Any number
// of goroutines may use it at once.
type Toolkit struct {
	mu     sync.Mutex
	c      *C.msptk_toolkit
	inside int
	closed bool
	kept   *kept
}

// kept is what C may call as long as its memory of the toolkit lives: until the toolkit is closed and the last Rows too.
type kept struct {
	mu      sync.Mutex
	refs    int
	release []func()
}

func (k *kept) ref() {
	k.mu.Lock()
	k.refs++
	k.mu.Unlock()
}

func (k *kept) unref() {
	k.mu.Lock()
	k.refs--
	var release []func()
	if k.refs == 0 {
		release, k.release = k.release, nil
	}
	k.mu.Unlock()
	for _, fn := range release {
		fn()
	}
}

func (k *kept) onRelease(fn func()) {
	k.mu.Lock()
	k.release = append(k.release, fn)
	k.mu.Unlock()
}

// Open opens a toolkit. Without ConfigFile and SearchConfig every setting has its default, and the store lives in memory.
// End it with Close.
func Open(opts ...Option) (*Toolkit, error) {
	o := openOptions{c: C.msptk_toolkit_opts_new()}
	if o.c == nil {
		return nil, &Error{Status: ErrNoMemory}
	}
	defer C.msptk_toolkit_opts_free(o.c)
	t, err := o.open(opts)
	if err != nil {
		for _, h := range o.handles {
			h.Delete()
		}
		return nil, err
	}
	return t, nil
}

func (o *openOptions) open(opts []Option) (*Toolkit, error) {
	var err *C.msptk_error
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	if st := C.msptk_toolkit_opts_set_flags(o.c, o.flags, &err); st < 0 {
		return nil, takeError(st, err)
	}
	t := &Toolkit{kept: &kept{refs: 1}}
	if st := C.msptk_toolkit_open(o.c, &t.c, &err); st < 0 {
		return nil, takeError(st, err)
	}
	for _, h := range o.handles {
		t.kept.onRelease(h.Delete)
	}
	runtime.SetFinalizer(t, (*Toolkit).forgotten)
	return t, nil
}

// FromConfig opens a toolkit from a configuration file, with nothing read from the environment.
func FromConfig(path string) (*Toolkit, error) { return Open(ConfigFile(path)) }

// forgotten is the safety net for a toolkit that nobody closed. Nothing can be running: who runs something holds it.
func (t *Toolkit) forgotten() {
	c, k := t.c, t.kept
	go func() {
		C.msptk_toolkit_free(c)
		k.unref()
	}()
}

// enter keeps the toolkit's memory until leave.
func (t *Toolkit) enter() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return closedError()
	}
	t.inside++
	return nil
}

func (t *Toolkit) leave() {
	t.mu.Lock()
	t.inside--
	last := t.closed && t.inside == 0 && t.c != nil
	c := t.c
	if last {
		t.c = nil
	}
	t.mu.Unlock()
	if last {
		C.msptk_toolkit_free(c)
		t.kept.unref()
	}
}

// How long one wait of Close is, so that the end of its context is seen.
const closeStep = 50 * time.Millisecond

// Close refuses new work, cancels what runs, waits for it and closes everything. When the context ends before that, it
// answers with what still runs, and may be called again. Closing what is closed is fine. Not from a callback.
func (t *Toolkit) Close(ctx context.Context) error {
	if t.enter() != nil {
		return nil
	}
	defer t.leave()
	for {
		var err *C.msptk_error
		st := C.msptk_toolkit_close(t.c, C.int64_t(closeStep.Milliseconds()), &err)
		if st == C.MSPTK_OK {
			break
		}
		failure := takeError(st, err)
		if st != C.MSPTK_E_TIMEOUT {
			return failure
		}
		if ctx.Err() != nil {
			failure.ended = ctx.Err()
			return failure
		}
	}
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	runtime.SetFinalizer(t, nil)
	return nil
}

// Version is the version of the library that is running.
func Version() string { return C.GoString(C.msptk_version_string()) }

// Operations is the operation table of the library, as JSON ("msptk.operations/1").
func Operations() ([]byte, error) {
	var table *C.msptk_json
	var text *C.char
	var err *C.msptk_error
	if st := C.msptk_operations(&table, &err); st < 0 {
		return nil, takeError(st, err)
	}
	defer C.msptk_json_free(table)
	if st := C.msptk_json_print(table, 0, &text, &err); st < 0 {
		return nil, takeError(st, err)
	}
	defer C.msptk_string_free(text)
	return []byte(C.GoString(text)), nil
}

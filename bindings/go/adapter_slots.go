package msptk

/*
#include "sdk.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

type openFunc func(h *Host, settings json.RawMessage) (Adapter, error)

// kinds are the kinds of adapters of all toolkits of the process, by the number of their `open`.
var kinds struct {
	mu   sync.Mutex
	used [C.BRIDGE_KINDS]*kind
}

type kind struct {
	name string
	open openFunc
}

func takeKind(name string, open openFunc) (C.int32_t, error) {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	for i := range kinds.used {
		if kinds.used[i] == nil {
			kinds.used[i] = &kind{name, open}
			return C.int32_t(i), nil
		}
	}
	return 0, Errorf(ErrTooBig, "register adapter '%s': %d kinds of adapters written in Go are registered in this process already",
		name, len(kinds.used))
}

func releaseKind(i C.int32_t) {
	kinds.mu.Lock()
	kinds.used[i] = nil
	kinds.mu.Unlock()
}

func kindOf(i C.int32_t) *kind {
	kinds.mu.Lock()
	defer kinds.mu.Unlock()
	return kinds.used[i]
}

// instance is one adapter instance.
type instance struct {
	kind    string
	adapter Adapter
	host    *Host
}

func instanceOf(self C.uintptr_t) *instance { return cgo.Handle(self).Value().(*instance) }

//export goOpen
func goOpen(number C.int32_t, host *C.msptk_host, settings *C.char, self *C.uintptr_t, ret **C.msptk_error) C.int32_t {
	k := kindOf(number)
	h := &Host{host}
	made := &instance{kind: k.name, host: h}
	err := guard(func() (err error) {
		made.adapter, err = k.open(h, json.RawMessage(C.GoString(settings)))
		return err
	})
	if err != nil {
		return giveError(ret, k.name, openError(err))
	}
	*self = C.uintptr_t(cgo.NewHandle(made))
	return C.MSPTK_OK
}

// A wrong setting is what makes opening fail, unless the adapter knows better.
func openError(err error) error {
	if statusOf(err) == ErrUnavailable {
		return Errorf(ErrConfig, "%w", err)
	}
	return err
}

//export goClose
func goClose(self C.uintptr_t) {
	i := instanceOf(self)
	cgo.Handle(self).Delete()
	if err := guard(func() error { i.adapter.Close(); return nil }); err != nil {
		i.host.Log(LogError, fmt.Sprintf("close of adapter '%s': %v", i.kind, err))
	}
}

// slot runs a method of an adapter on behalf of the thread that called it.
func (i *instance) slot(req *C.msptk_request, ret **C.msptk_error, body func(context.Context, *Request) error) C.int32_t {
	r := &Request{server: newServer(), host: i.host.c, c: req}
	cancelled := func() bool { return C.bridge_cancelled(i.host.c, req) != 0 }
	err := r.server.serve(cancelled, int64(C.bridge_deadline_left(i.host.c, req)), func(ctx context.Context) error {
		return body(ctx, r)
	})
	if p, ok := err.(*PanicError); ok {
		i.host.Log(LogError, fmt.Sprintf("adapter '%s': %v\n%s", i.kind, p, p.Stack))
		err = Errorf(ErrCallback, "adapter '%s': %w", i.kind, p)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush()
	if err == nil {
		err = r.refused
	}
	r.refused = slotOverError() // for goroutines that outlive the method
	return giveError(ret, i.kind, err)
}

func words(list **C.char) []string {
	if list == nil {
		return nil
	}
	all := unsafe.Slice(list, int(C.bridge_count(list)))
	out := make([]string, len(all))
	for i, word := range all {
		out[i] = C.GoString(word)
	}
	return out
}

func queryOf(q *C.msptk_query) Query {
	out := Query{ClientID: C.GoString(q.client_id), VendorClient: C.GoString(q.vendor_client), Devices: words(q.devices), Checks: words(q.checks)}
	if q.addresses != nil { // as many as devices; an element may be NULL
		for _, address := range unsafe.Slice(q.addresses, len(out.Devices)) {
			out.Addresses = append(out.Addresses, C.GoString(address))
		}
	}
	if q.since != 0 {
		out.Since = time.UnixMicro(int64(q.since)).UTC()
	}
	return out
}

//export goProbe
func goProbe(self C.uintptr_t, req *C.msptk_request, ret **C.msptk_error) C.int32_t {
	i := instanceOf(self)
	return i.slot(req, ret, i.adapter.Probe)
}

//export goDevices
func goDevices(self C.uintptr_t, req *C.msptk_request, query *C.msptk_query, ret **C.msptk_error) C.int32_t {
	i, q := instanceOf(self), queryOf(query)
	return i.slot(req, ret, func(ctx context.Context, r *Request) error { return i.adapter.(DeviceLister).ListDevices(ctx, r, q) })
}

//export goMetrics
func goMetrics(self C.uintptr_t, req *C.msptk_request, query *C.msptk_query, ret **C.msptk_error) C.int32_t {
	i, q := instanceOf(self), queryOf(query)
	return i.slot(req, ret, func(ctx context.Context, r *Request) error {
		return i.adapter.(MetricCollector).CollectMetrics(ctx, r, q)
	})
}

//export goAlerts
func goAlerts(self C.uintptr_t, req *C.msptk_request, query *C.msptk_query, ret **C.msptk_error) C.int32_t {
	i, q := instanceOf(self), queryOf(query)
	return i.slot(req, ret, func(ctx context.Context, r *Request) error { return i.adapter.(AlertLister).ListAlerts(ctx, r, q) })
}

//export goExecute
func goExecute(self C.uintptr_t, req *C.msptk_request, device *C.char, command **C.char, into *C.msptk_program_result,
	ret **C.msptk_error) C.int32_t {
	i, id, argv := instanceOf(self), C.GoString(device), words(command)
	var outcome *CommandOutcome
	st := i.slot(req, ret, func(ctx context.Context, r *Request) (err error) {
		outcome, err = i.adapter.(CommandExecutor).Execute(ctx, r, id, argv)
		if err == nil && outcome == nil {
			err = Errorf(ErrCallback, "adapter '%s' gave neither outcome nor error of a command", i.kind)
		}
		return err
	})
	if st != C.MSPTK_OK {
		return st
	}
	into.ended, into.code, into.truncated = C.MSPTK_PROGRAM_EXITED, C.int32_t(outcome.ExitStatus), C.int32_t(flagOf(outcome.Truncated))
	switch {
	case outcome.TimedOut:
		into.ended = C.MSPTK_PROGRAM_TIMED_OUT
	case outcome.Signal != 0:
		into.ended, into.code = C.MSPTK_PROGRAM_SIGNALLED, C.int32_t(outcome.Signal)
	}
	return C.int32_t(C.bridge_command_result(i.host.c, req, into, pointerOf(outcome.Stdout), C.size_t(len(outcome.Stdout)),
		pointerOf(outcome.Stderr), C.size_t(len(outcome.Stderr))))
}

//export goDeploy
func goDeploy(self C.uintptr_t, req *C.msptk_request, device *C.msptk_device_row, ret_evidence **C.char, ret **C.msptk_error) C.int32_t {
	i := instanceOf(self)
	d := DeviceRow{Presence: Presence(device.presence), VendorID: C.GoString(device.vendor_id), Name: C.GoString(device.name),
		Serial: C.GoString(device.serial), MachineID: C.GoString(device.machine_id), MACs: C.GoString(device.macs),
		OS: C.GoString(device.os), Kind: C.GoString(device.kind), Address: C.GoString(device.address),
		VendorClient: C.GoString(device.vendor_client)}
	if device.last_seen != 0 {
		d.LastSeen = time.UnixMicro(int64(device.last_seen)).UTC()
	}
	var evidence string
	st := i.slot(req, ret, func(ctx context.Context, r *Request) (err error) {
		evidence, err = i.adapter.(AgentDeployer).DeployAgent(ctx, r, d)
		return err
	})
	if st != C.MSPTK_OK {
		return st
	}
	text := cText(evidence)
	*ret_evidence = C.bridge_host_text(i.host.c, (*C.char)(unsafe.Pointer(&text[0])))
	if *ret_evidence == nil {
		return C.MSPTK_E_NOMEM
	}
	return C.MSPTK_OK
}

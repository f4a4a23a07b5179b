package msptk

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
)

// Rows walks over the rows of a result. It reads further pages as they are needed, so memory stays bounded:
//
//	rows, err := tk.ClientListRows(ctx, msptk.ClientListParams{})
//	if err != nil {
//		return err
//	}
//	defer rows.Close()
//	for rows.Next() {
//		fmt.Println(rows.Row().Name)
//	}
//	return rows.Err()
//
// One goroutine at a time may use it.
type Rows[T any] struct {
	mu     sync.Mutex
	t      *Toolkit
	ctx    context.Context
	result *C.msptk_result
	row    T
	err    error
}

func rowsOf[T any](ctx context.Context, t *Toolkit, p Params, opts []CallOption) (*Rows[T], error) {
	reply, err := t.do(ctx, p, opts, false, true)
	if err != nil {
		return nil, err
	}
	r := &Rows[T]{t: t, ctx: ctx, result: reply.result}
	t.kept.ref()
	runtime.SetFinalizer(r, func(r *Rows[T]) { r.Close() })
	return r, nil
}

// Rows walks over the rows of any operation.
func (t *Toolkit) Rows(ctx context.Context, p Params, opts ...CallOption) (*Rows[map[string]any], error) {
	return rowsOf[map[string]any](ctx, t, p, opts)
}

// Next goes to the next row. It is false after the last one, after Close, and after a failure, which Err then tells.
func (r *Rows[T]) Next() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || r.result == nil {
		return false
	}
	if err := r.ctx.Err(); err != nil {
		r.err = contextError(err)
		return false
	}
	reply := C.bridge_next(r.result)
	if reply.status < 0 {
		r.err = takeError(reply.status, reply.err)
	}
	if reply.status != C.MSPTK_OK {
		return false
	}
	var row T
	if err := json.Unmarshal(takeText(&reply), &row); err != nil {
		r.err = &Error{Status: ErrParse, Message: "a row is not of the shape that this package was made for", Cause: err, apart: true}
		return false
	}
	r.row = row
	return true
}

// Row is the row that Next went to.
func (r *Rows[T]) Row() T { return r.row }

// Err is the failure that ended the walk, or nil.
func (r *Rows[T]) Err() error { return r.err }

// Reply is the first page of the result with what stands beside its rows, such as a summary.
func (r *Rows[T]) Reply() (*Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result == nil {
		return nil, closedError()
	}
	reply := C.bridge_whole(r.result)
	if reply.status < 0 {
		return nil, takeError(reply.status, reply.err)
	}
	return &Reply{text: takeText(&reply), verdict: Verdict(reply.verdict)}, nil
}

// All walks to the end, closes, and gives the rows that were left.
func (r *Rows[T]) All() ([]T, error) {
	defer r.Close()
	var all []T
	for r.Next() {
		all = append(all, r.Row())
	}
	return all, r.Err()
}

// Close ends the walk; more than once is fine.
func (r *Rows[T]) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.result == nil {
		return
	}
	C.msptk_result_free(r.result)
	r.result = nil
	r.t.kept.unref()
	runtime.SetFinalizer(r, nil)
}

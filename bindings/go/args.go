package msptk

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Params are the parameters of an operation: one of the structs of this package, or Args.
type Params interface {
	// OperationName is the name of the operation.
	OperationName() string
	put(*args)
}

// Args are the parameters of any operation by its name, also of one that is newer than this package.
type Args struct {
	Name   string // of the operation, such as "client_list"
	Values any    // what encoding/json makes an object of; nil for none
}

// OperationName is the name.
func (a Args) OperationName() string { return a.Name }

func (a Args) put(to *args) {
	text, err := json.Marshal(a.Values)
	switch {
	case err != nil:
		to.fail(a.Name, err)
	case a.Values != nil:
		to.whole = text
	}
}

// args collects parameters as a JSON object.
type args struct {
	text  []byte
	whole []byte
	err   error
}

const momentLayout = "2006-01-02T15:04:05.000000Z"

func (a *args) fail(name string, err error) {
	if a.err == nil {
		a.err = &Error{
			Status:     ErrInvalid,
			Code:       "INVALID_PARAMETERS",
			Reason:     "E_INVALID",
			Message:    fmt.Sprintf("'%s' cannot be written as JSON", name),
			Suggestion: "give values that encoding/json can write",
			Cause:      err,
		}
	}
}

func (a *args) key(name string) {
	if len(a.text) > 0 {
		a.text = append(a.text, ',')
	}
	a.text = strconv.AppendQuote(a.text, name)
	a.text = append(a.text, ':')
}

func (a *args) value(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		a.fail(name, err)
		return
	}
	a.key(name)
	a.text = append(a.text, text...)
}

func (a *args) string(name, value string) { a.value(name, value) }

func (a *args) int(name string, value int64) {
	a.key(name)
	a.text = strconv.AppendInt(a.text, value, 10)
}

func (a *args) number(name string, value float64) { a.value(name, value) }

func (a *args) bool(name string, value bool) {
	a.key(name)
	a.text = strconv.AppendBool(a.text, value)
}

func (a *args) time(name string, value time.Time) {
	a.value(name, value.UTC().Format(momentLayout))
}

func (a *args) duration(name string, value time.Duration) {
	a.value(name, strconv.FormatInt(value.Milliseconds(), 10)+"ms")
}

// ask is the operation's name, NUL, and the object; and where that begins.
func ask(p Params) ([]byte, int, error) {
	var a args
	p.put(&a)
	if a.err != nil {
		return nil, 0, a.err
	}
	name := p.OperationName()
	out := make([]byte, 0, len(name)+len(a.text)+len(a.whole)+4)
	out = append(append(out, name...), 0)
	if a.whole != nil {
		return append(out, a.whole...), len(name) + 1, nil
	}
	out = append(out, '{')
	out = append(out, a.text...)
	return append(out, '}'), len(name) + 1, nil
}

// Ptr gives the address of a value, for optional parameters whose zero is a value too.
func Ptr[T any](value T) *T { return &value }

// Steps of the shared cases (tests/bindings/cases/README.md) through Go. Each line of standard input is a step, {"do", "args",
// "opts", "now"}; each line of standard output is its outcome, {"result"} or {"error"}, and whether the typed method gave it.
// usage: cases WORKSPACE | cases operations
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"msptk"
)

type step struct {
	Do   string          `json:"do"`
	Args json.RawMessage `json:"args"`
	Opts struct {
		Plan           bool   `json:"plan"`
		PlanToken      string `json:"plan_token"`
		IdempotencyKey string `json:"idempotency_key"`
		ReadOnly       bool   `json:"read_only"`
	} `json:"opts"`
	Now int64 `json:"now"` // microseconds
}

type failure struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Status string `json:"status"`
}

type outcome struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *failure        `json:"error,omitempty"`
	Typed  bool            `json:"typed"`
	Wrong  string          `json:"wrong,omitempty"` // what the types of the binding got wrong
}

func (s *step) options() []msptk.CallOption {
	var list []msptk.CallOption
	if s.Opts.PlanToken != "" {
		list = append(list, msptk.WithPlanToken(s.Opts.PlanToken))
	}
	if s.Opts.IdempotencyKey != "" {
		list = append(list, msptk.WithIdempotencyKey(s.Opts.IdempotencyKey))
	}
	if s.Opts.ReadOnly {
		list = append(list, msptk.WithReadOnly())
	}
	return list
}

// method is the method of an operation: "client_list" is ClientList.
func method(tk *msptk.Toolkit, operation string) (reflect.Value, bool) {
	flat := strings.ReplaceAll(operation, "_", "")
	t := reflect.TypeOf(tk)
	for i := 0; i < t.NumMethod(); i++ {
		if strings.EqualFold(t.Method(i).Name, flat) {
			return reflect.ValueOf(tk).Method(i), true
		}
	}
	return reflect.Value{}, false
}

// set puts a JSON value into a field of parameters; false when it cannot be said in that type.
func set(field reflect.Value, text json.RawMessage) bool {
	if field.Kind() == reflect.Pointer {
		return string(text) != "null" && json.Unmarshal(text, field.Addr().Interface()) == nil
	}
	var word string
	if _, ok := field.Interface().(time.Duration); ok {
		if json.Unmarshal(text, &word) != nil {
			return false
		}
		d, err := time.ParseDuration(word)
		field.SetInt(int64(d))
		return err == nil
	}
	if json.Unmarshal(text, field.Addr().Interface()) != nil {
		return false
	}
	if field.Kind() == reflect.Map {
		return sameText(field.Interface(), text)
	}
	return !field.IsZero() // what is zero would not be given
}

// sameText is false where a map of Go says less than the text: the order of keys, integers beyond 2^53.
func sameText(value any, text json.RawMessage) bool {
	var plain bytes.Buffer
	made, err := json.Marshal(value)
	return err == nil && json.Compact(&plain, text) == nil && bytes.Equal(made, plain.Bytes())
}

// params are the typed parameters of an operation, if the arguments can be said in them.
func params(t reflect.Type, text json.RawMessage) (msptk.Params, bool) {
	values := map[string]json.RawMessage{}
	if len(text) > 0 && json.Unmarshal(text, &values) != nil {
		return nil, false
	}
	made := reflect.New(t).Elem()
	for name, value := range values {
		flat := strings.ReplaceAll(name, "_", "")
		field := made.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, flat) })
		if !field.IsValid() || !(set(field, value) || (field.Kind() == reflect.Bool && string(value) == "false")) {
			return nil, false
		}
	}
	return made.Interface().(msptk.Params), true
}

// strange says what of a result has no field in the type that is made for it.
func strange(t reflect.Type, text json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(reflect.New(t).Interface()); err != nil {
		return err.Error()
	}
	return ""
}

func (s *step) perform(ctx context.Context, tk *msptk.Toolkit) (out outcome) {
	m, ok := method(tk, s.Do)
	var p msptk.Params = msptk.Args{Name: s.Do, Values: s.Args}
	if ok {
		if typed, can := params(m.Type().In(1), s.Args); can {
			p, out.Typed = typed, true
		}
	}
	var err error
	switch {
	case s.Opts.Plan:
		var plan *msptk.Plan
		if plan, err = tk.Plan(ctx, p, s.options()...); err == nil {
			out.Result = plan.JSON()
			out.Wrong = strange(reflect.TypeOf(*plan), out.Result)
		}
	case out.Typed:
		in := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(p)}
		for _, opt := range s.options() {
			in = append(in, reflect.ValueOf(opt))
		}
		back := m.Call(in)
		if err, _ = back[1].Interface().(error); err == nil {
			out.Result = back[0].Interface().(interface{ JSON() json.RawMessage }).JSON()
		}
	default:
		var reply *msptk.Reply
		if reply, err = tk.Call(ctx, p, s.options()...); err == nil {
			out.Result = reply.JSON()
		}
	}
	var e *msptk.Error
	if errors.As(err, &e) {
		out.Error = &failure{e.Code, e.Reason, e.Status.Error()}
	} else if err != nil {
		out.Wrong = err.Error()
	}
	if ok && out.Result != nil && !s.Opts.Plan {
		out.Wrong = strange(m.Type().Out(0).Elem(), out.Result)
	}
	return out
}

// print writes an outcome with its result as it came: not escaped, not ordered anew.
func print(to *bufio.Writer, out outcome) error {
	result := out.Result
	out.Result = nil
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	if result != nil {
		text = append([]byte(`{"result":`+string(result)+","), text[1:]...)
	}
	if _, err := to.Write(append(text, '\n')); err != nil {
		return err
	}
	return to.Flush()
}

func run(place string) error {
	var now int64
	tk, err := msptk.Open(msptk.ConfigFile(filepath.Join(place, "msp-toolkit.yaml")), msptk.Setting("principal", "tester"), msptk.Lazy(),
		msptk.Clock(func() time.Time { return time.UnixMicro(atomic.LoadInt64(&now)) }))
	if err != nil {
		return err
	}
	ctx := context.Background()
	defer tk.Close(ctx)
	in, to := bufio.NewScanner(os.Stdin), bufio.NewWriter(os.Stdout)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var s step
		if err := json.Unmarshal(in.Bytes(), &s); err != nil {
			return err
		}
		atomic.StoreInt64(&now, s.Now)
		if err := print(to, s.perform(ctx, tk)); err != nil {
			return err
		}
	}
	return in.Err()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cases WORKSPACE | cases operations")
		os.Exit(2)
	}
	var err error
	if os.Args[1] == "operations" {
		var table []byte
		if table, err = msptk.Operations(); err == nil {
			_, err = os.Stdout.Write(table)
		}
	} else {
		err = run(os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

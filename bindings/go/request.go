package msptk

/*
#include "sdk.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Request is one call of one method of an adapter: the rows it emits, and services of the library. It may be used from any
// goroutine until the method returns.
type Request struct {
	server  *server
	host    *C.msptk_host
	c       *C.msptk_request
	mu      sync.Mutex
	devices batch[C.bridge_device_row]
	metrics batch[C.bridge_metric_row]
	alerts  batch[C.bridge_alert_row]
	refused error
}

// Rows wait in Go until there are this many, because each way to the thread of the slot costs.
const (
	batchRows  = 128
	batchBytes = 1 << 20
)

type batch[R any] struct {
	rows  []R
	texts []byte
}

func (b *batch[R]) full() bool { return len(b.rows) >= batchRows || len(b.texts) >= batchBytes }

// text puts a text into the batch and says where; -1 for what the vendor does not say.
func (b *batch[R]) text(text string) C.int32_t {
	if text == "" {
		return -1
	}
	at := len(b.texts)
	b.texts = append(b.texts, cText(text)...)
	return C.int32_t(at)
}

func (b *batch[R]) facts(facts map[string]any) (C.int32_t, error) {
	if facts == nil {
		return -1, nil
	}
	text, err := json.Marshal(facts)
	if err != nil {
		return -1, Errorf(ErrInvalid, "facts of a row cannot be written as JSON: %w", err)
	}
	return b.text(string(text)), nil
}

// send hands the rows over on the thread of the slot.
func send[R any](b *batch[R], emit func(rows *R, count C.size_t, texts *C.char) C.msptk_status) error {
	if len(b.rows) == 0 {
		return nil
	}
	texts := append(b.texts, 0)
	st := emit(&b.rows[0], C.size_t(len(b.rows)), (*C.char)(unsafe.Pointer(&texts[0])))
	b.rows, b.texts = b.rows[:0], b.texts[:0]
	if st < 0 {
		return &Error{Status: Status(st), Message: "the rows were refused"}
	}
	return nil
}

// flush is called on the thread of the slot, with the lock held.
func (r *Request) flush() {
	for _, one := range []func() error{
		func() error {
			return send(&r.devices, func(rows *C.bridge_device_row, n C.size_t, texts *C.char) C.msptk_status {
				return C.bridge_emit_devices(r.host, r.c, rows, n, texts)
			})
		},
		func() error {
			return send(&r.metrics, func(rows *C.bridge_metric_row, n C.size_t, texts *C.char) C.msptk_status {
				return C.bridge_emit_metrics(r.host, r.c, rows, n, texts)
			})
		},
		func() error {
			return send(&r.alerts, func(rows *C.bridge_alert_row, n C.size_t, texts *C.char) C.msptk_status {
				return C.bridge_emit_alerts(r.host, r.c, rows, n, texts)
			})
		},
	} {
		if err := one(); err != nil && r.refused == nil {
			r.refused = err
		}
	}
}

// emit puts a row into its batch. An error means that no more rows are wanted.
func (r *Request) emit(put func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused != nil {
		return r.refused
	}
	if err := put(); err != nil {
		return err
	}
	if r.devices.full() || r.metrics.full() || r.alerts.full() {
		if !r.server.do(r.flush) {
			return slotOverError()
		}
	}
	return r.refused
}

func micros(at time.Time) C.int64_t {
	if at.IsZero() {
		return 0
	}
	return C.int64_t(at.UnixMicro())
}

// EmitDevice gives a device to the library. An error means that the caller wants no more: return it.
func (r *Request) EmitDevice(d DeviceRow) error {
	return r.emit(func() error {
		b := &r.devices
		attributes, err := b.facts(d.Attributes)
		if err != nil {
			return err
		}
		row := C.bridge_device_row{presence: C.int32_t(d.Presence), last_seen: micros(d.LastSeen)}
		for i, text := range []string{d.VendorID, d.Name, d.Serial, d.MachineID, d.MACs, d.OS, d.Kind, d.Address, d.VendorClient} {
			row.text[i] = b.text(text)
		}
		row.text[9] = attributes
		b.rows = append(b.rows, row)
		return nil
	})
}

// EmitMetric gives a measured fact to the library. An error means that the caller wants no more: return it.
func (r *Request) EmitMetric(m MetricRow) error {
	return r.emit(func() error {
		b := &r.metrics
		data, err := b.facts(m.Data)
		if err != nil {
			return err
		}
		row := C.bridge_metric_row{state: m.State.c(), value: C.double(math.NaN()), at: micros(m.At)}
		if m.Value != nil {
			row.value = C.double(*m.Value)
		} else if m.State == StateJudge {
			row.state = C.MSPTK_STATE_UNKNOWN // nothing to judge
		}
		for i, text := range []string{m.VendorID, m.Check, m.Metric, m.Instance, m.Unit, m.Message} {
			row.text[i] = b.text(text)
		}
		row.text[6] = data
		b.rows = append(b.rows, row)
		return nil
	})
}

// EmitAlert gives an alert of the vendor to the library. An error means that the caller wants no more: return it.
func (r *Request) EmitAlert(a AlertRow) error {
	return r.emit(func() error {
		b := &r.alerts
		row := C.bridge_alert_row{severity: a.Severity.c(), at: micros(a.At)}
		if a.Severity == StateJudge {
			row.severity = C.MSPTK_STATE_UNKNOWN
		}
		for i, text := range []string{a.VendorID, a.VendorAlert, a.Check, a.Instance, a.Message} {
			row.text[i] = b.text(text)
		}
		b.rows = append(b.rows, row)
		return nil
	})
}

// Progress tells the caller how far the work is.
func (r *Request) Progress(done, total int64) {
	r.server.do(func() { C.bridge_tell(r.host, r.c, C.int64_t(done), C.int64_t(total)) })
}

// State reads the small durable memory of the instance, which all processes share. A key that was never put is ErrNotFound.
func (r *Request) State(key string) (string, error) {
	var value string
	var failure error
	k := cText(key)
	if !r.server.do(func() {
		var text *C.char
		var err *C.msptk_error
		if st := C.bridge_state_get(r.host, r.c, (*C.char)(unsafe.Pointer(&k[0])), &text, &err); st < 0 {
			failure = takeError(st, err)
			return
		}
		value = C.GoString(text)
		C.bridge_host_free(r.host, unsafe.Pointer(text))
	}) {
		return "", slotOverError()
	}
	return value, failure
}

func (r *Request) update(key string, always bool, expected *string, value string) error {
	var failure error
	k, v := cText(key), cText(value)
	var e []byte
	if expected != nil {
		e = cText(*expected)
	}
	if !r.server.do(func() {
		var err *C.msptk_error
		var old *C.char
		if e != nil {
			old = (*C.char)(unsafe.Pointer(&e[0]))
		}
		st := C.bridge_state_update(r.host, r.c, (*C.char)(unsafe.Pointer(&k[0])), C.int32_t(flagOf(always)), old,
			(*C.char)(unsafe.Pointer(&v[0])), &err)
		if st < 0 {
			failure = takeError(st, err)
		}
	}) {
		return slotOverError()
	}
	return failure
}

// PutState writes the small durable memory of the instance.
func (r *Request) PutState(key, value string) error { return r.update(key, true, nil, value) }

// UpdateState writes only while the key still holds expected (nil: was never put); else ErrConflict, and nothing is changed.
func (r *Request) UpdateState(key string, expected *string, value string) error {
	return r.update(key, false, expected, value)
}

// HTTPAuth says how the host attaches a secret to a request.
type HTTPAuth int32

// Ways to attach a secret.
const (
	HTTPAuthNone   HTTPAuth = C.MSPTK_HTTP_AUTH_NONE
	HTTPAuthBearer HTTPAuth = C.MSPTK_HTTP_AUTH_BEARER // Authorization: Bearer <secret>
	HTTPAuthBasic  HTTPAuth = C.MSPTK_HTTP_AUTH_BASIC  // AuthUser and <secret>
	HTTPAuthHeader HTTPAuth = C.MSPTK_HTTP_AUTH_HEADER // AuthUser is the header's name, <secret> its value
)

// HTTPRequest is one exchange. The secret is named by a settings key and attached by the host; the adapter never sees it.
type HTTPRequest struct {
	Method      string // "GET" ...
	URL         string // absolute, within the origins of the instance (api_url)
	Header      map[string][]string
	Body        []byte
	Auth        HTTPAuth
	AuthSetting string // settings key that holds the secret's reference, such as "api_key"
	AuthUser    string
	Timeout     time.Duration // 0 means what is left of the call
	BodyLimit   int           // most bytes of the reply; 0 means 16 MiB
	Idempotent  bool          // lets the host try again by itself; GET and HEAD always are
}

// HTTPReply is what came back.
type HTTPReply struct {
	Status      int
	Body        []byte
	ContentType string
	NextLink    string         // target of a Link header with rel="next"
	RetryAfter  *time.Duration // nil when the reply does not say
	Date        time.Time      // its Date header; zero when absent
}

func (in *HTTPRequest) texts() ([]byte, int) {
	texts := cTexts(in.Method, in.URL, in.AuthSetting, in.AuthUser)
	count := 0
	for name, values := range in.Header {
		texts = append(texts, cText(name+": "+strings.Join(values, ", "))...)
		count++
	}
	return texts, count
}

func pointerOf(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}

// HTTP makes one exchange with retries, rate budget and limits. Any HTTP status is a reply; ErrUnavailable, ErrTimeout,
// ErrTooBig, ErrDenied and ErrRate are errors.
func (r *Request) HTTP(in HTTPRequest) (*HTTPReply, error) {
	var out HTTPReply
	var failure error
	texts, headers := in.texts()
	how := C.bridge_http{timeout_ms: C.int64_t(in.Timeout.Milliseconds()), body_limit: C.size_t(in.BodyLimit), auth: C.int32_t(in.Auth),
		idempotent: C.int32_t(flagOf(in.Idempotent)), headers: C.int32_t(headers)}
	if !r.server.do(func() {
		var reply C.msptk_http_reply
		var err *C.msptk_error
		st := C.bridge_http_request(r.host, r.c, how, pointerOf(texts), pointerOf(in.Body), C.size_t(len(in.Body)), &reply, &err)
		if st < 0 {
			failure = takeError(st, err)
			return
		}
		out = HTTPReply{Status: int(reply.http_status), Body: C.GoBytes(unsafe.Pointer(reply.body), C.int(reply.body_len)),
			ContentType: C.GoString(reply.content_type), NextLink: C.GoString(reply.next_link)}
		if reply.retry_after_ms >= 0 {
			out.RetryAfter = Ptr(time.Duration(reply.retry_after_ms) * time.Millisecond)
		}
		if reply.server_date != 0 {
			out.Date = time.UnixMicro(int64(reply.server_date)).UTC()
		}
	}) {
		return nil, slotOverError()
	}
	if failure != nil {
		return nil, failure
	}
	return &out, nil
}

package msptk

/*
#include "sdk.h"
*/
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
	"unsafe"
)

// Adapter is one instance of a vendor, as the configuration names it. What it can do beside answering Probe is said by the
// interfaces DeviceLister, MetricCollector, AlertLister, CommandExecutor and AgentDeployer that its type implements.
//
// All methods may block until their context ends, may be called at the same time for different clients, and may use
// goroutines of their own. A panic becomes an error. A result of nil means that everything asked for was read; what was
// emitted before a failure counts as partial. Errors made by Errorf say what happened (ErrAuth, ErrRate, ErrUnavailable,
// ErrTimeout, ErrNotFound, ErrUnsupported); any other error counts as ErrUnavailable.
type Adapter interface {
	// Probe is cheap; it proves that the other side is there and takes the credentials.
	Probe(ctx context.Context, r *Request) error
	// Close comes once, when nothing else runs any more. It must not block.
	Close()
}

// DeviceLister emits every device of a client.
type DeviceLister interface {
	ListDevices(ctx context.Context, r *Request, q Query) error
}

// MetricCollector emits the asked metrics of the asked devices. One that cannot be read is emitted as StateUnknown with
// why; one that is not emitted at all is counted as missing.
type MetricCollector interface {
	CollectMetrics(ctx context.Context, r *Request, q Query) error
}

// AlertLister emits the vendor's alerts of a client that changed since Query.Since.
type AlertLister interface {
	ListAlerts(ctx context.Context, r *Request, q Query) error
}

// CommandExecutor runs a command, an argument vector, on a device and waits for it. A command that ran and failed is a
// result and not an error.
type CommandExecutor interface {
	Execute(ctx context.Context, r *Request, device string, argv []string) (*CommandOutcome, error)
}

// AgentDeployer brings the vendor's agent onto a device. It succeeds only after the vendor saw it check in, and says how
// that was seen.
type AgentDeployer interface {
	DeployAgent(ctx context.Context, r *Request, d DeviceRow) (evidence string, err error)
}

// AdapterInfo is what can be said of a kind of adapter without opening it.
type AdapterInfo struct {
	Type        string // slug, the "type" of the configuration
	Title       string
	Description string // one sentence
	// Settings are the keys of the configuration beside those that every adapter has; other keys are refused. Nil accepts any.
	Settings map[string]SettingInfo
	// Checks are the names of the checks that a MetricCollector answers; nil when settings decide.
	Checks []string
	// ThisMachine says that its only device is the machine it runs on.
	ThisMachine bool
}

// SettingInfo describes one setting of an adapter.
type SettingInfo struct {
	Type        string `json:"type"` // "string", "path", "int" ...
	Description string `json:"description,omitempty"`
	Default     any    `json:"default,omitempty"`
}

// State is how a row or a check says it stands. The zero value lets the policy of the client judge the number.
type State int32

// States. A number is best left to the policy: StateJudge.
const (
	StateJudge State = iota
	StateOK
	StateWarning
	StateCritical
	StateUnknown
)

func (s State) c() C.int32_t {
	switch s {
	case StateJudge:
		return C.MSPTK_STATE_JUDGE
	case StateOK:
		return C.MSPTK_STATE_OK
	case StateWarning:
		return C.MSPTK_STATE_WARNING
	case StateCritical:
		return C.MSPTK_STATE_CRITICAL
	}
	return C.MSPTK_STATE_UNKNOWN
}

// Presence says whether a device was seen.
type Presence int32

// Presences.
const (
	PresenceUnknown Presence = C.MSPTK_PRESENCE_UNKNOWN
	PresenceUp      Presence = C.MSPTK_PRESENCE_UP
	PresenceDown    Presence = C.MSPTK_PRESENCE_DOWN
)

// DeviceRow is a device as the vendor knows it. Empty text means that the vendor does not say.
type DeviceRow struct {
	Presence     Presence
	VendorID     string // the vendor's own id; required, stable, unique within the instance
	Name         string // display name
	Serial       string // hardware serial number
	MachineID    string // of the operating system, such as /etc/machine-id
	MACs         string // comma-separated hardware addresses of built-in interfaces
	OS           string
	Kind         string // "server", "workstation", "network" ...
	Address      string // host name or IP address by which checks reach it
	VendorClient string // the vendor's id of the client it belongs to
	LastSeen     time.Time
	Attributes   map[string]any // further facts
}

// MetricRow is one measured fact of one device.
type MetricRow struct {
	State    State
	VendorID string   // device
	Check    string   // "cpu", "memory", "disk", "services", "network", or a name of your own
	Metric   string   // "cpu_percent"; the name by which policy finds thresholds
	Instance string   // "/", "eth0"; empty when the check has only one
	Unit     string   // "%", "B", "s", "c"
	Message  string   // one line for people; empty lets the library word it
	Value    *float64 // nil when there is no number; see Ptr
	At       time.Time
	Data     map[string]any // further facts kept with the evidence
}

// AlertRow is an alert that the vendor raised by itself.
type AlertRow struct {
	Severity    State  // StateWarning, StateCritical or StateUnknown; StateOK means that it has ended
	VendorID    string // device; empty when it concerns the whole client
	VendorAlert string // the vendor's id of the alert
	Check       string
	Instance    string
	Message     string
	At          time.Time
}

// Query says which devices and checks a call is about.
type Query struct {
	ClientID     string    // ours
	VendorClient string    // the vendor's id of the client; empty when none was configured
	Devices      []string  // vendor ids; nil means all of the client
	Addresses    []string  // beside Devices: how to reach each; an element may be empty
	Checks       []string  // names of checks; nil means all that the adapter knows
	Since        time.Time // for alerts; zero means all that are open
}

// CommandOutcome is how a command ended.
type CommandOutcome struct {
	ExitStatus int
	Signal     int  // when it was ended by one
	TimedOut   bool // when it was ended because of the deadline
	Truncated  bool // when it wrote more than is here
	Stdout     []byte
	Stderr     []byte
}

// Host is what one adapter instance has of the library. It may be used from any goroutine until Close.
type Host struct{ c *C.msptk_host }

// Instance is the name of the instance in the configuration.
func (h *Host) Instance() string { return C.GoString(C.bridge_instance(h.c)) }

// Now is the time by the clock of the toolkit.
func (h *Host) Now() time.Time { return time.UnixMicro(int64(C.bridge_now(h.c))).UTC() }

// Log writes a line to the log of the host program, if it wants one.
func (h *Host) Log(level LogLevel, message string) {
	text := cText(message)
	C.bridge_log(h.c, C.int32_t(level), (*C.char)(unsafe.Pointer(&text[0])))
}

// CleanText makes foreign text fit to be shown: valid UTF-8, no control characters, one line, at most that many bytes.
func (h *Host) CleanText(text string, most int) string {
	if most < 1 {
		return ""
	}
	in, out := append([]byte(text), 0), make([]byte, most+1)
	C.bridge_clean_text(h.c, pointerOf(in), C.size_t(len(text)), pointerOf(out), C.size_t(len(out)))
	end := bytes.IndexByte(out, 0)
	return string(out[:end])
}

// OpenAdapter makes an instance from its settings. It must neither block nor connect.
type OpenAdapter[A Adapter] func(h *Host, settings json.RawMessage) (A, error)

// RegisterAdapter registers a kind of adapter, so that the configuration can name its type. A is the type that implements
// it; its methods say what it can do.
func RegisterAdapter[A Adapter](t *Toolkit, info AdapterInfo, open OpenAdapter[A]) error {
	var none A
	return t.registerAdapter(info, groupsOf(any(none)), func(h *Host, settings json.RawMessage) (Adapter, error) {
		return open(h, settings)
	})
}

func groupsOf(a any) C.int32_t {
	var groups C.int32_t
	if _, ok := a.(DeviceLister); ok {
		groups |= C.BRIDGE_DEVICES
	}
	if _, ok := a.(MetricCollector); ok {
		groups |= C.BRIDGE_METRICS
	}
	if _, ok := a.(AlertLister); ok {
		groups |= C.BRIDGE_ALERTS
	}
	if _, ok := a.(CommandExecutor); ok {
		groups |= C.BRIDGE_COMMANDS
	}
	if _, ok := a.(AgentDeployer); ok {
		groups |= C.BRIDGE_DEPLOY
	}
	return groups
}

func (t *Toolkit) registerAdapter(info AdapterInfo, groups C.int32_t, open openFunc) error {
	if err := t.enter(); err != nil {
		return err
	}
	defer t.leave()
	settings := ""
	if info.Settings != nil {
		text, err := json.Marshal(info.Settings)
		if err != nil {
			return Errorf(ErrInvalid, "the settings of adapter '%s' cannot be written as JSON: %w", info.Type, err)
		}
		settings = string(text)
	}
	kind, err := takeKind(info.Type, open)
	if err != nil {
		return err
	}
	texts := cTexts(append([]string{info.Type, info.Title, info.Description, settings, ""}, info.Checks...)...)
	var flags C.int32_t
	if info.ThisMachine {
		flags = C.MSPTK_ADAPTER_THIS_MACHINE
	}
	var failed *C.msptk_error
	st := C.bridge_register_adapter(t.c, kind, groups, flags, (*C.char)(unsafe.Pointer(&texts[0])), C.int32_t(len(info.Checks)), &failed)
	if st < 0 {
		releaseKind(kind)
		return takeError(st, failed)
	}
	t.kept.onRelease(func() { releaseKind(kind) })
	return nil
}

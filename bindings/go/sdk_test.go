package msptk

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// shelf is an adapter with every capability; its settings say how it behaves.
type shelf struct {
	host   *Host
	Mood   string `json:"mood"`
	Many   int    `json:"many"`
	closed *int32
}

var shelvesClosed int32

func openShelf(h *Host, settings json.RawMessage) (*shelf, error) {
	s := &shelf{host: h, closed: &shelvesClosed}
	if err := json.Unmarshal(settings, s); err != nil {
		return nil, err
	}
	if s.Mood == "refuses" {
		return nil, errors.New("this mood is not served")
	}
	return s, nil
}

func (s *shelf) Close() { atomic.AddInt32(s.closed, 1) }

func (s *shelf) act(ctx context.Context) error {
	switch s.Mood {
	case "panics":
		panic("the shelf fell")
	case "exits":
		runtime.Goexit()
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	case "denied":
		return &Error{Status: ErrAuth, Message: "the vendor refused the key", HTTPStatus: 401, VendorCode: "E77"}
	case "broken":
		return errors.New("connection reset")
	}
	return nil
}

func (s *shelf) Probe(ctx context.Context, r *Request) error {
	if got := s.host.CleanText("a\x1b[31m\nb\xff long", 6); strings.ContainsAny(got, "\x1b\n\xff") || len(got) > 6 || got[0] != 'a' {
		return errors.New("clean text is " + got)
	}
	if s.host.Instance() != "shelf1" {
		return errors.New("the instance is " + s.host.Instance())
	}
	return s.act(ctx)
}

func (s *shelf) ListDevices(ctx context.Context, r *Request, q Query) error {
	if q.ClientID != "acme-corp" {
		return Errorf(ErrNotFound, "no client '%s'", q.ClientID)
	}
	if err := s.act(ctx); err != nil {
		return err
	}
	seen, err := r.State("seen")
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := r.UpdateState("seen", nil, "once"); seen == "" && err != nil {
		return err
	}
	r.Progress(0, int64(s.Many))
	for i := 0; i < s.Many; i++ {
		d := DeviceRow{VendorID: "v" + itoa(i), Name: "box " + itoa(i), Serial: "SN-" + itoa(i), Presence: PresenceUp,
			VendorClient: q.VendorClient, LastSeen: s.host.Now(), Attributes: map[string]any{"rack": i}}
		if err := r.EmitDevice(d); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) CollectMetrics(ctx context.Context, r *Request, q Query) error {
	if err := s.act(ctx); err != nil {
		return err
	}
	for i, id := range q.Devices {
		m := MetricRow{VendorID: id, Check: "disk", Metric: "disk_percent", Instance: "/", Unit: "%"}
		if i%2 == 0 {
			m.Value = Ptr(97.5)
		} // the others have no number, and that is unknown
		if err := r.EmitMetric(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) ListAlerts(ctx context.Context, r *Request, q Query) error {
	return r.EmitAlert(AlertRow{Severity: StateWarning, VendorID: "v0", VendorAlert: "a1", Check: "disk", Message: "nearly full", At: s.host.Now()})
}

func (s *shelf) Execute(ctx context.Context, r *Request, device string, argv []string) (*CommandOutcome, error) {
	if err := s.act(ctx); err != nil {
		return nil, err
	}
	return &CommandOutcome{ExitStatus: 3, Stdout: []byte(device + ":" + strings.Join(argv, "|")), Stderr: []byte("no")}, nil
}

func (s *shelf) DeployAgent(ctx context.Context, r *Request, d DeviceRow) (string, error) {
	return "saw " + d.VendorID + " check in", nil
}

var shelfInfo = AdapterInfo{Type: "shelf", Title: "A shelf", Description: "Devices on a shelf.", Checks: []string{"disk"},
	Settings: map[string]SettingInfo{"mood": {Type: "string", Description: "how it behaves"}, "many": {Type: "int", Default: 3}}}

func withShelf(t *testing.T, many int, settings string) *Toolkit {
	t.Helper()
	tk := withAcme(t, Setting("adapters", "[{name: shelf1, type: shelf, many: "+itoa(many)+settings+"}]"))
	must(t, RegisterAdapter(tk, shelfInfo, openShelf))
	return tk
}

func TestAdapterInGoServesEveryCapability(t *testing.T) {
	tk := withShelf(t, 3, "")
	list, err := tk.AdapterList(background, AdapterListParams{})
	must(t, err)
	if got := strings.Join(list.Adapters[0].Capabilities, " "); got != "devices metrics alerts commands deploy" {
		t.Fatalf("capabilities %q", got)
	}
	probe, err := tk.AdapterProbe(background, AdapterProbeParams{})
	must(t, err)
	if probe.Verdict() != VerdictOK {
		t.Fatalf("probe %s", probe.JSON())
	}
	scan, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	if scan.Found != 3 {
		t.Fatalf("scan %s", scan.JSON())
	}
	run, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	if run.Counts.Critical != 2 || run.Counts.Unknown == 0 {
		t.Fatalf("run %s", run.JSON())
	}
	alerts, err := tk.AdapterAlerts(background, AdapterAlertsParams{ClientID: "acme-corp"})
	must(t, err)
	if alerts.Count != 1 || alerts.Alerts[0]["message"] != "nearly full" {
		t.Fatalf("alerts %s", alerts.JSON())
	}
	command, err := tk.CommandRun(background, CommandRunParams{DeviceID: scan.Devices[0].ID, Argv: []string{"/bin/x", "a b", ""}})
	must(t, err)
	if command.ExitStatus == nil || *command.ExitStatus != 3 || !strings.HasSuffix(command.Stdout, ":/bin/x|a b|") || command.Stderr != "no" {
		t.Fatalf("command %s", command.JSON())
	}
	deployed, err := tk.AgentDeploy(background, AgentDeployParams{DeviceID: scan.Devices[0].ID})
	must(t, err)
	if !deployed.CheckedIn || !strings.Contains(deployed.Evidence, "check in") {
		t.Fatalf("deployed %s", deployed.JSON())
	}
	before := atomic.LoadInt32(&shelvesClosed)
	must(t, tk.Close(background))
	if atomic.LoadInt32(&shelvesClosed) != before+1 {
		t.Fatal("the instance was not closed")
	}
}

func TestAdapterInGoEmitsManyRows(t *testing.T) {
	tk := withShelf(t, 1000, "")
	scan, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	if scan.Found != 1000 || !scan.Complete {
		t.Fatalf("found %d", scan.Found)
	}
	devices, err := tk.Devices().List(background, DeviceListParams{ClientID: "acme-corp"})
	must(t, err)
	if len(devices) != 1000 {
		t.Fatalf("%d devices", len(devices))
	}
}

var moodStatus = map[string]error{"panics": ErrCallback, "exits": ErrCallback, "denied": ErrAuth, "broken": ErrUnavailable,
	"refuses": ErrConfig}

func TestFailuresOfAnAdapterInGoAreErrors(t *testing.T) {
	for mood, want := range map[string]string{
		"panics": "the shelf fell", "exits": "the goroutine was ended", "denied": "refused the key", "broken": "connection reset", "refuses": "not served",
	} {
		tk := withShelf(t, 3, ", mood: "+mood)
		probe, err := tk.AdapterProbe(background, AdapterProbeParams{})
		must(t, err)
		if probe.Verdict() == VerdictOK || !strings.Contains(string(probe.JSON()), want) {
			t.Errorf("%s: %s", mood, probe.JSON())
		}
		_, err = tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp", Adapter: "shelf1"})
		wantIs(t, err, moodStatus[mood])
	}
}

func TestCancelReachesAnAdapterInGo(t *testing.T) {
	tk := withShelf(t, 3, ", mood: slow")
	ctx, cancel := context.WithCancel(background)
	time.AfterFunc(50*time.Millisecond, cancel)
	begin := time.Now()
	_, err := tk.DeviceScan(ctx, DeviceScanParams{ClientID: "acme-corp"})
	wantIs(t, err, ErrCancelled, context.Canceled)
	if took := time.Since(begin); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
}

// A run that its context ends is a result that says so, and what is missing.
func TestEndOfAContextReachesACheckInGo(t *testing.T) {
	tk := withShelf(t, 3, "")
	_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	var ended int32
	must(t, tk.RegisterCheck(NewCheck("waits", "1", func(ctx context.Context, run *CheckRun) error {
		<-ctx.Done()
		atomic.AddInt32(&ended, 1)
		return ctx.Err()
	})))
	begin := time.Now()
	ctx, cancel := context.WithTimeout(background, 800*time.Millisecond)
	defer cancel()
	run, err := tk.HealthCheck(ctx, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	if !run.Cancelled || run.Coverage.Missing == 0 || run.Counts.Critical != 2 {
		t.Fatalf("run %s", run.JSON())
	}
	ctx, cancel = context.WithCancel(background)
	time.AfterFunc(100*time.Millisecond, cancel)
	run, err = tk.HealthCheck(ctx, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	if !run.Cancelled || run.Coverage.Missing == 0 {
		t.Fatalf("run %s", run.JSON())
	}
	must(t, tk.Close(background)) // waits for what still runs
	if took := time.Since(begin); took > 10*time.Second || atomic.LoadInt32(&ended) != 2 {
		t.Fatalf("it took %v, %d ended", took, ended)
	}
}

type onlyProbe struct{}

func (onlyProbe) Probe(context.Context, *Request) error { return nil }
func (onlyProbe) Close()                                {}

func TestCapabilitiesAreWhatTheTypeImplements(t *testing.T) {
	tk := withAcme(t, Setting("adapters", "[{name: p, type: only-probe}]"))
	open := func(*Host, json.RawMessage) (onlyProbe, error) { return onlyProbe{}, nil }
	must(t, RegisterAdapter(tk, AdapterInfo{Type: "only-probe", Title: "P"}, open))
	_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp", Adapter: "p"})
	wantIs(t, err, ErrUnsupported)
	wantIs(t, RegisterAdapter(tk, AdapterInfo{Type: "only-probe", Title: "P"}, open), ErrExists)
	wantIs(t, RegisterAdapter(tk, AdapterInfo{Type: "Not A Slug", Title: "P"}, open), ErrInvalid)
}

func TestKindsOfAdaptersAreGivenBack(t *testing.T) {
	open := func(*Host, json.RawMessage) (onlyProbe, error) { return onlyProbe{}, nil }
	for i := 0; i < 70; i++ {
		tk, err := Open()
		must(t, err)
		must(t, RegisterAdapter(tk, AdapterInfo{Type: "only-probe", Title: "P"}, open))
		must(t, tk.Close(background))
	}
	tk := opened(t)
	for i := 0; ; i++ {
		err := RegisterAdapter(tk, AdapterInfo{Type: "kind-" + itoa(i), Title: "P"}, open)
		if err != nil {
			wantIs(t, err, ErrTooBig)
			if i < 32 {
				t.Fatalf("only %d kinds", i)
			}
			return
		}
	}
}

type deviceCheck struct{ Check }

func (deviceCheck) PerDevice() bool { return true }

func TestCheckInGoReports(t *testing.T) {
	tk := withAcme(t, Clock(func() time.Time { return noon }))
	must(t, tk.RegisterCheck(NewCheck("backlog", "1.2", func(ctx context.Context, run *CheckRun) error {
		if run.Client.ID != "acme-corp" || run.Device != nil || !run.Now().Equal(noon) {
			return errors.New("not the context that was promised")
		}
		if err := run.Report("queue a", StateWarning, "12 wait", map[string]any{"n": 12}); err != nil {
			return err
		}
		return run.Metric("queue a", "waiting", 12, "c")
	})))
	run, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp", CheckTypes: []CheckType{CheckTypeCustom}})
	must(t, err)
	found := false
	for _, r := range run.Results {
		found = found || (r.Check == "backlog" && r.Instance == "queue a" && r.Status == CheckStatusWarning)
	}
	if !found {
		t.Fatalf("run %s", run.JSON())
	}
	wantIs(t, tk.RegisterCheck(NewCheck("backlog", "2", nil)), ErrExists)
	wantIs(t, tk.RegisterCheck(NewCheck("Not Slug", "2", nil)), ErrInvalid)
}

func TestCheckInGoRunsForEachDevice(t *testing.T) {
	tk := withAcme(t, world(""))
	_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	var runs int32
	must(t, tk.RegisterCheck(deviceCheck{NewCheck("each", "1", func(ctx context.Context, run *CheckRun) error {
		if run.Device == nil || run.Device.ID == "" {
			return errors.New("no device")
		}
		atomic.AddInt32(&runs, 1)
		return run.Report("", StateOK, "fine", nil)
	})}))
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp", CheckTypes: []CheckType{CheckTypeCustom}})
	must(t, err)
	if n := atomic.LoadInt32(&runs); n != 4 {
		t.Fatalf("%d runs", n)
	}
}

func TestFailuresOfACheckInGoAreUnknownResults(t *testing.T) {
	for name, fn := range map[string]func(context.Context, *CheckRun) error{
		"panics":  func(context.Context, *CheckRun) error { panic("check fell") },
		"exits":   func(context.Context, *CheckRun) error { runtime.Goexit(); return nil },
		"fails":   func(context.Context, *CheckRun) error { return errors.New("no answer") },
		"silent":  func(context.Context, *CheckRun) error { return nil },
		"badfact": func(_ context.Context, r *CheckRun) error { return r.Report("", StateOK, "x", func() {}) },
	} {
		tk := withAcme(t)
		must(t, tk.RegisterCheck(NewCheck(name, "1", fn)))
		run, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp", CheckTypes: []CheckType{CheckTypeCustom}})
		must(t, err)
		if len(run.Results) != 1 || run.Results[0].Status != CheckStatusUnknown {
			t.Errorf("%s: %s", name, run.JSON())
		}
	}
}

func TestWhatOutlivesASlotIsRefused(t *testing.T) {
	tk := withAcme(t)
	var kept *CheckRun
	must(t, tk.RegisterCheck(NewCheck("keeps", "1", func(_ context.Context, run *CheckRun) error {
		kept = run
		return run.Report("", StateOK, "fine", nil)
	})))
	_, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	wantIs(t, kept.Report("", StateOK, "late", nil), ErrClosed)
}

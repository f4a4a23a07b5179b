package msptk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWalkFromConfigThroughHealthToAlerts(t *testing.T) {
	config := filepath.Join(t.TempDir(), "msp-toolkit.yaml")
	must(t, os.WriteFile(config, []byte("database:\n  path: data/test.db\nadapters:\n"+
		"  - {name: world, type: fake, devices: 6, seed: 3, problems: 0.5}\n"), 0o600))
	tk, err := FromConfig(config)
	must(t, err)
	defer func() { must(t, tk.Close(background)) }()
	made, err := tk.Clients().Create(background, ClientCreateParams{Name: "Acme Corp", Tier: TierPremium, Contact: Ptr("x@acme.example")})
	must(t, err)
	if made.ID != "acme-corp" || made.Tier != TierPremium || made.Contact != "x@acme.example" || made.CreatedAt.IsZero() {
		t.Fatalf("made %+v", made)
	}
	scan, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	if scan.Found != 6 || len(scan.Devices) != 6 {
		t.Fatalf("found %d, listed %d", scan.Found, len(scan.Devices))
	}
	run, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	if run.Coverage.Devices != 6 || len(run.Results) == 0 || run.Verdict().String() != string(run.Status) || run.StartedAt.IsZero() {
		t.Fatalf("run %+v", run)
	}
	if run.Counts.Critical+run.Counts.Warning == 0 {
		t.Fatal("a world with problems shows none")
	}
	alerts, err := tk.Alerts().List(background, AlertListParams{ClientID: "acme-corp"})
	must(t, err)
	if len(alerts) == 0 {
		t.Fatal("no alerts")
	}
	must(t, tk.Alerts().Acknowledge(background, alerts[0].ID, "seen"))
	explained, err := tk.AlertExplain(background, AlertExplainParams{AlertID: alerts[0].ID})
	must(t, err)
	if explained.Alert.Status != AlertStatusAcknowledged || len(explained.Text) == 0 {
		t.Fatalf("explained %+v", explained)
	}
	history, err := tk.Health().History(background, HealthHistoryParams{ClientID: "acme-corp", Daily: true})
	must(t, err)
	if len(history) == 0 || history[0].CheckedAt.IsZero() {
		t.Fatalf("history %v", history)
	}
	client, err := tk.Clients().Get(background, "acme-corp")
	must(t, err)
	if client.Devices == nil || *client.Devices != 6 {
		t.Fatalf("client %+v", client)
	}
}

func TestErrorsSayWhatTheyAre(t *testing.T) {
	tk := opened(t)
	_, err := tk.ClientGet(background, ClientGetParams{ClientID: "nobody"})
	wantIs(t, err, ErrNotFound)
	var e *Error
	if !errors.As(err, &e) || e.Code != "CLIENT_NOT_FOUND" || e.Reason != "CLIENT_NOT_FOUND" || e.Suggestion == "" || e.ClientID != "nobody" {
		t.Fatalf("got %+v", e)
	}
	if errors.Is(err, ErrDenied) || errors.Is(err, context.Canceled) {
		t.Fatal("it is everything")
	}
	_, err = tk.ClientList(background, ClientListParams{Tier: "golden"})
	wantIs(t, err, ErrInvalid)
	_, err = tk.Call(background, Args{Name: "client_lst"})
	wantIs(t, err, ErrInvalid)
	if !strings.Contains(err.Error(), "client_list") {
		t.Fatalf("no near name in %q", err)
	}
	_, err = Open(Setting("no.such.setting", "1"))
	wantIs(t, err, ErrConfig)
	_, err = FromConfig(filepath.Join(t.TempDir(), "missing.yaml"))
	if err == nil {
		t.Fatal("a missing file was read")
	}
	if ErrNotFound.Error() != "E_NOTFOUND" {
		t.Fatal(ErrNotFound.Error())
	}
}

func TestCausesAreUnwrapped(t *testing.T) {
	place := filepath.Join(t.TempDir(), "a file")
	must(t, os.WriteFile(place, nil, 0o600))
	tk := opened(t)
	_, err := tk.Init(background, InitParams{Directory: filepath.Join(place, "below")})
	var e *Error
	if !errors.As(err, &e) || e.Cause == nil || errors.Unwrap(err) != e.Cause {
		t.Fatalf("no cause below %v", err)
	}
	if !strings.Contains(err.Error(), place) || !strings.HasSuffix(err.Error(), ": "+e.Cause.Error()) {
		t.Fatalf("the message is %q", err)
	}
	wrapped := Errorf(ErrRate, "the vendor refused: %w", os.ErrPermission)
	wantIs(t, wrapped, ErrRate, os.ErrPermission)
	if wrapped.Error() != "the vendor refused: permission denied" {
		t.Fatal(wrapped)
	}
}

func TestReadOnlyRefusesChanges(t *testing.T) {
	tk := opened(t)
	_, err := tk.ClientCreate(background, ClientCreateParams{Name: "A"}, WithReadOnly())
	wantIs(t, err, ErrDenied)
	_, err = tk.ClientCreate(background, ClientCreateParams{Name: "A"})
	must(t, err)
	_, err = opened(t, NoChanges()).ClientCreate(background, ClientCreateParams{Name: "A"})
	wantIs(t, err, ErrDenied)
	path := filepath.Join(t.TempDir(), "test.db")
	database := Setting("database", "{type: sqlite, path: '"+path+"'}")
	must(t, opened(t, database).Close(background))
	_, err = opened(t, database, ReadOnly()).ClientCreate(background, ClientCreateParams{Name: "A"})
	wantIs(t, err, ErrDenied)
}

func TestCancelledContextEndsASlowCall(t *testing.T) {
	tk := withAcme(t, world(", latency_ms: 20000"))
	ctx, cancel := context.WithCancel(background)
	go func() {
		time.Sleep(30 * time.Millisecond)
		cancel()
	}()
	begin := time.Now()
	_, err := tk.DeviceScan(ctx, DeviceScanParams{ClientID: "acme-corp"})
	if took := time.Since(begin); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
	wantIs(t, err, ErrCancelled, context.Canceled)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("there was no deadline")
	}
	_, err = tk.ClientList(ctx, ClientListParams{})
	wantIs(t, err, context.Canceled)
}

func TestDeadlineOfTheContextIsTheDeadlineOfTheCall(t *testing.T) {
	tk := withAcme(t, world(", latency_ms: 20000"))
	ctx, cancel := context.WithTimeout(background, 40*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := tk.DeviceScan(ctx, DeviceScanParams{ClientID: "acme-corp"})
	if took := time.Since(begin); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
	wantIs(t, err, context.DeadlineExceeded)
	_, err = tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"}, WithTimeout(30*time.Millisecond))
	wantIs(t, err, ErrTimeout)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the context had no deadline")
	}
}

func TestProgressIsToldAndMayStop(t *testing.T) {
	tk := withAcme(t, world(""))
	told := 0
	_, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"}, WithProgress(func(p Progress) error {
		told++
		return nil
	}))
	must(t, err)
	if told == 0 {
		t.Fatal("nothing was told")
	}
	enough := errors.New("enough")
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"}, WithProgress(func(Progress) error { return enough }))
	wantIs(t, err, ErrCallback, enough)
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"}, WithProgress(func(Progress) error { panic("oh no") }))
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "oh no" || len(p.Stack) == 0 {
		t.Fatalf("got %v", err)
	}
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
}

func TestPlanIsRunOnce(t *testing.T) {
	tk := withAcme(t)
	p := ClientUpdateParams{ClientID: "acme-corp", Tier: TierGold}
	plan, err := tk.Plan(background, p)
	must(t, err)
	if len(plan.Changes) != 1 || plan.Changes[0].ID != "acme-corp" || plan.Token == "" || plan.ExpiresAt.IsZero() {
		t.Fatalf("plan %+v", plan)
	}
	client, err := tk.Clients().Get(background, "acme-corp")
	must(t, err)
	if client.Tier != TierPremium {
		t.Fatal("the plan changed something")
	}
	changed, err := tk.ClientUpdate(background, p, WithPlanToken(plan.Token))
	must(t, err)
	if changed.Tier != TierGold {
		t.Fatalf("changed %+v", changed)
	}
	_, err = tk.ClientUpdate(background, p, WithPlanToken(plan.Token))
	wantIs(t, err, ErrPlan)
}

func TestIdempotencyKeyMakesAChangeHappenOnce(t *testing.T) {
	tk := opened(t)
	one, err := tk.ClientCreate(background, ClientCreateParams{Name: "Twice"}, WithIdempotencyKey("k1"))
	must(t, err)
	two, err := tk.ClientCreate(background, ClientCreateParams{Name: "Twice"}, WithIdempotencyKey("k1"))
	must(t, err)
	if one.ID != two.ID {
		t.Fatalf("%s and %s", one.ID, two.ID)
	}
	list, err := tk.Clients().List(background, ClientListParams{})
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d clients", len(list))
	}
}

func TestAuditTrailNamesDoorPrincipalAndTrace(t *testing.T) {
	tk := withAcme(t)
	_, err := tk.ClientUpdate(background, ClientUpdateParams{ClientID: "acme-corp", Contact: Ptr("")}, WithPrincipal("jane"), WithTraceID("t-1"))
	must(t, err)
	list, err := tk.AuditList(background, AuditListParams{Operation: "client_update"})
	must(t, err)
	if len(list.Entries) != 1 || list.Entries[0]["door"] != "go" || list.Entries[0]["principal"] != "jane" || list.Entries[0]["trace_id"] != "t-1" {
		t.Fatalf("entries %v", list.Entries)
	}
}

func TestRowsReadFurtherPages(t *testing.T) {
	tk := opened(t)
	const count = 230
	for i := 0; i < count; i++ {
		_, err := tk.ClientCreate(background, ClientCreateParams{Name: "Client " + itoa(i)})
		must(t, err)
	}
	first, err := tk.ClientList(background, ClientListParams{})
	must(t, err)
	if len(first.Clients) >= count || first.NextCursor == "" {
		t.Fatalf("one page has %d of %d", len(first.Clients), count)
	}
	rows, err := tk.ClientListRows(background, ClientListParams{})
	must(t, err)
	defer rows.Close()
	seen := map[string]bool{}
	for rows.Next() {
		seen[rows.Row().ID] = true
	}
	must(t, rows.Err())
	if len(seen) != count || rows.Next() {
		t.Fatalf("saw %d of %d", len(seen), count)
	}
	reply, err := rows.Reply()
	must(t, err)
	if !strings.Contains(string(reply.JSON()), "msptk.client_list/1") {
		t.Fatalf("reply %s", reply.JSON())
	}
	limited, err := tk.Clients().List(background, ClientListParams{Limit: 7})
	must(t, err)
	if len(limited) != 7 {
		t.Fatalf("limited to %d", len(limited))
	}
	ctx, cancel := context.WithCancel(background)
	stopped, err := tk.ClientListRows(ctx, ClientListParams{})
	must(t, err)
	cancel()
	if stopped.Next() || !errors.Is(stopped.Err(), context.Canceled) {
		t.Fatalf("after cancel: %v", stopped.Err())
	}
	stopped.Close()
}

func TestClosedToolkitAnswersClosed(t *testing.T) {
	tk := withAcme(t)
	for i := 0; i < 130; i++ {
		_, err := tk.ClientCreate(background, ClientCreateParams{Name: "Client " + itoa(i)})
		must(t, err)
	}
	rows, err := tk.ClientListRows(background, ClientListParams{})
	must(t, err)
	must(t, tk.Close(background))
	must(t, tk.Close(background))
	_, err = tk.ClientList(background, ClientListParams{})
	wantIs(t, err, ErrClosed)
	_, err = tk.Plan(background, ClientDeleteParams{ClientID: "acme-corp"})
	wantIs(t, err, ErrClosed)
	wantIs(t, tk.RegisterCheck(NewCheck("x", "1", nil)), ErrClosed)
	wantIs(t, RegisterAdapter(tk, AdapterInfo{Type: "x", Title: "X"}, openShelf), ErrClosed)
	for rows.Next() {
	}
	wantIs(t, rows.Err(), ErrClosed) // further pages need the toolkit
	rows.Close()
	if rows.Next() {
		t.Fatal("a row after close")
	}
	_, err = rows.Reply()
	wantIs(t, err, ErrClosed)
}

func TestCloseEndsWhatRunsAndKeepsItsDeadline(t *testing.T) {
	tk := withAcme(t, world(", latency_ms: 20000"))
	ended := make(chan error, 1)
	go func() {
		_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	must(t, tk.Close(background))
	if took := time.Since(begin); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
	if err := <-ended; !errors.Is(err, ErrCancelled) && !errors.Is(err, ErrClosed) {
		t.Fatalf("the call ended with %v", err)
	}
}

func TestCloseAnswersAtItsDeadlineAndMayBeCalledAgain(t *testing.T) {
	tk := withAcme(t)
	release, entered := make(chan struct{}), make(chan struct{})
	must(t, tk.RegisterCheck(NewCheck("stuck", "1", func(context.Context, *CheckRun) error {
		close(entered)
		<-release
		return nil
	})))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	}()
	<-entered
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	wantIs(t, tk.Close(ctx), ErrTimeout, context.DeadlineExceeded)
	close(release)
	must(t, tk.Close(background))
	<-ended
}

func TestManyGoroutinesAtOnce(t *testing.T) {
	tk := withAcme(t, world(""))
	_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	var wait sync.WaitGroup
	failed := make(chan error, 64)
	for g := 0; g < 16; g++ {
		wait.Add(1)
		go func(g int) {
			defer wait.Done()
			for i := 0; i < times(12, 200); i++ {
				ctx, cancel := context.WithTimeout(background, time.Minute)
				_, err := tk.ClientGet(ctx, ClientGetParams{ClientID: "acme-corp"})
				if err == nil && g%4 == 0 {
					_, err = tk.HealthCheck(ctx, HealthCheckParams{ClientID: "acme-corp"})
					if errors.Is(err, ErrBusy) {
						err = nil // another goroutine is at it
					}
				}
				if err == nil && g%4 == 1 {
					_, err = tk.Devices().List(ctx, DeviceListParams{})
				}
				if err == nil && g%4 == 2 {
					_, err = tk.ClientUpdate(ctx, ClientUpdateParams{ClientID: "acme-corp", Contact: Ptr("c" + itoa(i))})
				}
				cancel()
				if err != nil {
					failed <- err
					return
				}
				runtime.Gosched()
			}
		}(g)
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
}

func TestCallsDuringCloseEndCleanly(t *testing.T) {
	for round := 0; round < times(5, 100); round++ {
		tk := withAcme(t)
		var wait sync.WaitGroup
		for g := 0; g < 8; g++ {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for {
					if _, err := tk.ClientList(background, ClientListParams{}); err != nil {
						if !errors.Is(err, ErrClosed) && !errors.Is(err, ErrCancelled) {
							t.Errorf("got %v", err)
						}
						return
					}
				}
			}()
		}
		time.Sleep(2 * time.Millisecond)
		must(t, tk.Close(background))
		wait.Wait()
	}
}

func TestClockAndLogOfTheHostAreUsed(t *testing.T) {
	var mu sync.Mutex
	said := ""
	tk := opened(t, Clock(func() time.Time { return noon }), Log(func(level LogLevel, room, message string) {
		mu.Lock()
		said += room + ": " + message + "\n"
		mu.Unlock()
	}))
	made, err := tk.ClientCreate(background, ClientCreateParams{Name: "Acme Corp"})
	must(t, err)
	if !made.CreatedAt.Equal(noon) {
		t.Fatalf("created at %v", made.CreatedAt)
	}
	must(t, tk.RegisterCheck(NewCheck("talks", "1", func(_ context.Context, run *CheckRun) error {
		run.Log(LogWarning, "said by a check")
		return run.Report("", StateOK, "fine", nil)
	})))
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(said, "said by a check") {
		t.Fatalf("the log is %q", said)
	}
}

func TestForgottenToolkitIsCollected(t *testing.T) {
	collected := make(chan struct{}, 1)
	func() {
		tk, err := Open()
		must(t, err)
		rows, err := tk.ClientListRows(background, ClientListParams{})
		must(t, err)
		rows.Next()
		tk.kept.onRelease(func() { collected <- struct{}{} })
	}()
	for i := 0; i < 1000; i++ {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the memory of a forgotten toolkit stays")
}

func TestParametersCarryEveryType(t *testing.T) {
	var a args
	ClientUpdateParams{ClientID: "x", Contact: Ptr(""), Fields: map[string]any{}, Revision: 3}.put(&a)
	HealthCheckParams{All: true, CheckTypes: []CheckType{CheckTypeCPU}}.put(&a)
	AlertSnoozeParams{AlertID: "a\"b", For: 90 * time.Second, Until: noon}.put(&a)
	InitParams{Local: Ptr(false)}.put(&a)
	HealthConfigureParams{CPU: Ptr(0.5)}.put(&a)
	want := `"client_id":"x","contact":"","fields":{},"revision":3,"all":true,"check_types":["cpu"],"alert_id":"a\"b",` +
		`"for":"90000ms","until":"2026-11-21T12:00:00.000000Z","local":false,"cpu":0.5`
	if string(a.text) != want {
		t.Fatalf("got  %s\nwant %s", a.text, want)
	}
}

func TestVersionAndTableComeFromTheLibrary(t *testing.T) {
	if !strings.HasPrefix(Version(), "0.") {
		t.Fatal(Version())
	}
	table, err := Operations()
	must(t, err)
	if !strings.Contains(string(table), `"client_list"`) {
		t.Fatal("no client_list in the table")
	}
}

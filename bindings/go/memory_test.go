package msptk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// grown is how much resident memory, in KiB, some rounds of work leave behind after as many rounds to warm up.
func grown(t *testing.T, warm, rounds int, round func()) int {
	t.Helper()
	if underRace {
		t.Skip("measured without the race detector")
	}
	for i := 0; i < warm; i++ {
		round()
	}
	runtime.GC()
	before := resident(t)
	for i := 0; i < rounds; i++ {
		round()
	}
	runtime.GC()
	more := resident(t) - before
	t.Logf("%d KiB more after %d rounds", more, rounds)
	return more
}

func onDisk(t *testing.T) Option {
	t.Helper()
	config := filepath.Join(t.TempDir(), "msp-toolkit.yaml")
	must(t, os.WriteFile(config, []byte("database:\n  path: data/test.db\n"), 0o600))
	return ConfigFile(config)
}

func TestMemoryOfCallsDoesNotGrow(t *testing.T) {
	tk := withAcme(t, onDisk(t))
	more := grown(t, 5000, times(20000, 500000), func() {
		ctx, cancel := context.WithTimeout(background, time.Minute)
		defer cancel()
		_, err := tk.ClientGet(ctx, ClientGetParams{ClientID: "acme-corp"})
		must(t, err)
		if _, err = tk.ClientGet(ctx, ClientGetParams{ClientID: "nobody"}); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	})
	if more > times(8*1024, 16*1024) { // pages of the database, kept by its cache
		t.Fatal("that is too much")
	}
}

func TestMemoryOfRowsPlansAndCallbacksDoesNotGrow(t *testing.T) {
	tk := withAcme(t, onDisk(t))
	must(t, tk.RegisterCheck(NewCheck("fine", "1", func(_ context.Context, run *CheckRun) error {
		return run.Report("", StateOK, "fine", map[string]any{"n": 1})
	})))
	enough := errors.New("enough")
	more := grown(t, 400, times(400, 20000), func() {
		rows, err := tk.ClientListRows(background, ClientListParams{})
		must(t, err)
		for rows.Next() {
		}
		must(t, rows.Err())
		rows.Close()
		_, err = tk.Plan(background, ClientUpdateParams{ClientID: "acme-corp", Tier: TierGold}, WithTraceID("t"))
		must(t, err)
		_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp", CheckTypes: []CheckType{CheckTypeCustom}})
		must(t, err)
		_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"}, WithProgress(func(Progress) error { return enough }))
		if err != nil && !errors.Is(err, enough) {
			t.Fatal(err)
		}
	})
	if more > times(12*1024, 24*1024) {
		t.Fatal("that is too much")
	}
}

func TestMemoryOfToolkitsAndAdaptersDoesNotGrow(t *testing.T) {
	more := grown(t, 30, times(60, 2000), func() {
		tk, err := Open(Setting("adapters", "[{name: shelf1, type: shelf, many: 20}]"), Clock(func() time.Time { return noon }),
			Log(func(LogLevel, string, string) {}))
		must(t, err)
		must(t, RegisterAdapter(tk, shelfInfo, openShelf))
		_, err = tk.ClientCreate(background, ClientCreateParams{Name: "Acme Corp"})
		must(t, err)
		_, err = tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp", Adapter: "shelf1"})
		must(t, err)
		_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp", CheckTypes: []CheckType{CheckTypeDisk}})
		must(t, err)
		must(t, tk.Close(background))
	})
	if more > times(12*1024, 24*1024) {
		t.Fatal("that is too much")
	}
}

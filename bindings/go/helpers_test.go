package msptk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// Whether the race detector runs; it keeps memory of its own.
var underRace bool

var background = context.Background()

// The clock of tests stands still at this moment, unless a test says otherwise.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestMain runs everything in a directory of its own: a toolkit without a configuration keeps its key in "data" beside it.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "msptk-go-")
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A made-up world with four devices; settings are more of the fake adapter's.
func world(settings string) Option {
	return Setting("adapters", fmt.Sprintf("[{name: world, type: fake, devices: 4, seed: 7%s}]", settings))
}

// opened is a toolkit that the test closes, in memory unless an option says otherwise.
func opened(t *testing.T, opts ...Option) *Toolkit {
	t.Helper()
	tk, err := Open(opts...)
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(background, 30*time.Second)
		defer cancel()
		if err := tk.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return tk
}

// withAcme is a toolkit with the client acme-corp, and the devices of a made-up world.
func withAcme(t *testing.T, opts ...Option) *Toolkit {
	t.Helper()
	tk := opened(t, opts...)
	_, err := tk.ClientCreate(background, ClientCreateParams{Name: "Acme Corp", Tier: TierPremium})
	must(t, err)
	return tk
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			t.Fatalf("%v (%v; %s)", err, e.Status, e.Suggestion)
		}
		t.Fatal(err)
	}
}

func wantIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Fatalf("got %v, want what is %v", err, target)
		}
	}
}

// How often a long loop runs: a slice, or all of it under tests/run.sh --full.
func times(slice, full int) int {
	if os.Getenv("MSPTK_FULL") != "" {
		return full
	}
	return slice
}

// Resident memory in KiB.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	var size, pages int
	_, err = fmt.Sscan(string(text), &size, &pages)
	must(t, err)
	return pages * os.Getpagesize() / 1024
}

func itoa(n int) string { return strconv.Itoa(n) }

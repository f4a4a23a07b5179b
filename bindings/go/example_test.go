package msptk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"msptk"
)

var ctx = context.Background()

// demo is a toolkit in memory, with the client acme-corp and four devices that do not exist.
func demo() *msptk.Toolkit {
	tk, err := msptk.Open(msptk.Setting("adapters", "[{name: demo, type: fake, devices: 4, seed: 7}]"),
		msptk.Clock(func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tk.ClientCreate(ctx, msptk.ClientCreateParams{Name: "Acme Corp", Tier: msptk.TierGold}); err != nil {
		log.Fatal(err)
	}
	return tk
}

func Example() {
	tk := demo()
	defer tk.Close(ctx)
	scan, err := tk.DeviceScan(ctx, msptk.DeviceScanParams{ClientID: "acme-corp"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(scan.Found, "devices")
	// Output: 4 devices
}

func ExampleError() {
	tk := demo()
	defer tk.Close(ctx)
	_, err := tk.ClientGet(ctx, msptk.ClientGetParams{ClientID: "nobody"})
	if errors.Is(err, msptk.ErrNotFound) {
		fmt.Println("not found")
	}
	var e *msptk.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code)
	}
	// Output:
	// not found
	// CLIENT_NOT_FOUND
}

func ExampleRows() {
	tk := demo()
	defer tk.Close(ctx)
	rows, err := tk.ClientListRows(ctx, msptk.ClientListParams{})
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		fmt.Println(rows.Row().ID, rows.Row().Tier)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output: acme-corp gold
}

func ExampleToolkit_Plan() {
	tk := demo()
	defer tk.Close(ctx)
	change := msptk.ClientUpdateParams{ClientID: "acme-corp", Tier: msptk.TierPremium}
	plan, err := tk.Plan(ctx, change)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range plan.Changes {
		fmt.Println("would", c.Action, c.What, c.ID)
	}
	done, err := tk.ClientUpdate(ctx, change, msptk.WithPlanToken(plan.Token))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("now", done.Tier)
	// Output:
	// would update client acme-corp
	// now premium
}

func ExampleToolkit_Call() {
	tk := demo()
	defer tk.Close(ctx)
	reply, err := tk.Call(ctx, msptk.Args{Name: "client_get", Values: map[string]any{"client_id": "acme-corp"}})
	if err != nil {
		log.Fatal(err)
	}
	var client struct{ Name string }
	if err := json.Unmarshal(reply.JSON(), &client); err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Name)
	// Output: Acme Corp
}

func ExampleWithProgress() {
	tk := demo()
	defer tk.Close(ctx)
	enough := errors.New("enough")
	_, err := tk.HealthCheck(ctx, msptk.HealthCheckParams{ClientID: "acme-corp"},
		msptk.WithProgress(func(msptk.Progress) error { return enough }))
	fmt.Println(errors.Is(err, enough))
	// Output: true
}

func ExampleToolkit_RegisterCheck() {
	tk := demo()
	defer tk.Close(ctx)
	backlog := msptk.NewCheck("backlog", "1.0", func(ctx context.Context, run *msptk.CheckRun) error {
		return run.Report("", msptk.StateWarning, "12 files wait for "+run.Client.Name, nil)
	})
	if err := tk.RegisterCheck(backlog); err != nil {
		log.Fatal(err)
	}
	health, err := tk.HealthCheck(ctx, msptk.HealthCheckParams{ClientID: "acme-corp", CheckTypes: []msptk.CheckType{msptk.CheckTypeCustom}})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range health.Results {
		fmt.Println(r.Status, r.Name, r.Message)
	}
	// Output: warning backlog 12 files wait for Acme Corp
}

// inventory is an adapter: it lists devices and measures their disks.
type inventory struct {
	Full map[string]float64 `json:"full"`
}

func (v *inventory) Probe(context.Context, *msptk.Request) error { return nil }
func (v *inventory) Close()                                      {}

func (v *inventory) ListDevices(ctx context.Context, r *msptk.Request, q msptk.Query) error {
	for id := range v.Full {
		if err := r.EmitDevice(msptk.DeviceRow{VendorID: id, Name: id, Serial: "SN-" + id}); err != nil {
			return err
		}
	}
	return nil
}

func (v *inventory) CollectMetrics(ctx context.Context, r *msptk.Request, q msptk.Query) error {
	for _, id := range q.Devices {
		percent := v.Full[id]
		m := msptk.MetricRow{VendorID: id, Check: "disk", Metric: "disk_percent", Unit: "%", Value: &percent}
		if err := r.EmitMetric(m); err != nil {
			return err
		}
	}
	return nil
}

func ExampleRegisterAdapter() {
	tk, err := msptk.Open(msptk.Setting("adapters", "[{name: shelf, type: inventory, full: {mail: 97.5}}]"))
	if err != nil {
		log.Fatal(err)
	}
	defer tk.Close(ctx)
	info := msptk.AdapterInfo{Type: "inventory", Title: "Inventory", Checks: []string{"disk"}}
	err = msptk.RegisterAdapter(tk, info, func(h *msptk.Host, settings json.RawMessage) (*inventory, error) {
		v := &inventory{}
		return v, json.Unmarshal(settings, v)
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tk.ClientCreate(ctx, msptk.ClientCreateParams{Name: "Acme Corp"}); err != nil {
		log.Fatal(err)
	}
	if _, err := tk.DeviceScan(ctx, msptk.DeviceScanParams{ClientID: "acme-corp", Adapter: "shelf"}); err != nil {
		log.Fatal(err)
	}
	health, err := tk.HealthCheck(ctx, msptk.HealthCheckParams{ClientID: "acme-corp"})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range health.Results {
		fmt.Println(r.Status, r.Name, *r.Value, r.Unit)
	}
	// Output: critical disk 97.5 %
}

package msptk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

type tableRow struct {
	Name   string   `json:"name"`
	Doors  []string `json:"doors"`
	Result struct {
		Kind string `json:"kind"`
	} `json:"result"`
}

func tableRows(t *testing.T) []tableRow {
	t.Helper()
	text, err := Operations()
	must(t, err)
	var table struct{ Operations []tableRow }
	must(t, json.Unmarshal(text, &table))
	return table.Operations
}

func methodOf(tk *Toolkit, operation string) reflect.Value {
	flat := strings.ReplaceAll(operation, "_", "")
	v := reflect.ValueOf(tk)
	for i := 0; i < v.NumMethod(); i++ {
		if strings.EqualFold(v.Type().Method(i).Name, flat) {
			return v.Method(i)
		}
	}
	return reflect.Value{}
}

func TestEveryOperationIsAMethod(t *testing.T) {
	tk := opened(t, Lazy())
	seen := 0
	for _, row := range tableRows(t) {
		if !strings.Contains(strings.Join(row.Doors, " ")+" ", "go ") {
			continue
		}
		seen++
		m := methodOf(tk, row.Name)
		if !m.IsValid() {
			t.Errorf("%s is no method", row.Name)
			continue
		}
		if name := reflect.Zero(m.Type().In(1)).Interface().(Params).OperationName(); name != row.Name {
			t.Errorf("%s takes parameters of %s", row.Name, name)
		}
		if row.Result.Kind == "page" && !methodOf(tk, row.Name+"_rows").IsValid() {
			t.Errorf("%s has no rows", row.Name)
		}
	}
	if seen < 40 {
		t.Fatalf("only %d operations", seen)
	}
}

// fill sets those parameters that the world of the test has an answer for.
func fill(p reflect.Value, known map[string]any) {
	for name, value := range known {
		if f := p.FieldByName(name); f.IsValid() && f.Type() == reflect.TypeOf(value) {
			f.Set(reflect.ValueOf(value))
		}
	}
}

// Every result fits its type: nothing in it has no field, and nothing is of another type.
func TestEveryResultFitsItsType(t *testing.T) {
	tk := withShelf(t, 3, "")
	scan, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	alerts, err := tk.Alerts().List(background, AlertListParams{})
	must(t, err)
	_, err = tk.SecretSet(background, SecretSetParams{Name: "key", Value: "x"})
	must(t, err)
	known := map[string]any{"ClientID": "acme-corp", "DeviceID": scan.Devices[0].ID, "AlertID": alerts[0].ID, "Directory": t.TempDir(),
		"Key": "database.path", "Tier": TierGold, "Argv": []string{"/bin/x"}, "Adapter": "shelf1", "For": time.Hour, "Owner": "jane", "Reason": "x",
		"Daily": true}
	fitted, refused := 0, []string{}
	for _, row := range tableRows(t) {
		m := methodOf(tk, row.Name)
		if !m.IsValid() || strings.Contains(row.Name, "delete") || strings.Contains(row.Name, "remove") {
			continue
		}
		p := reflect.New(m.Type().In(1)).Elem()
		fill(p, known)
		back := m.Call([]reflect.Value{reflect.ValueOf(background), p})
		if err, _ := back[1].Interface().(error); err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Status == ErrParse {
				t.Errorf("%s: %v", row.Name, err)
			}
			refused = append(refused, row.Name)
			continue
		}
		fitted++
		d := json.NewDecoder(bytes.NewReader(back[0].Interface().(interface{ JSON() json.RawMessage }).JSON()))
		d.DisallowUnknownFields()
		if err := d.Decode(reflect.New(m.Type().Out(0).Elem()).Interface()); err != nil {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
	t.Logf("%d fitted, refused: %v", fitted, refused)
	if fitted < 25 {
		t.Fatalf("only %d results; refused: %v", fitted, refused)
	}
}

func TestRowsOfEveryPageFitTheirType(t *testing.T) {
	tk := withShelf(t, 3, "")
	_, err := tk.DeviceScan(background, DeviceScanParams{ClientID: "acme-corp"})
	must(t, err)
	_, err = tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"})
	must(t, err)
	walked := 0
	for _, row := range tableRows(t) {
		m := methodOf(tk, row.Name+"_rows")
		if !m.IsValid() || row.Name == "health_check" {
			continue
		}
		p := reflect.New(m.Type().In(1)).Elem()
		fill(p, map[string]any{"ClientID": "acme-corp", "Directory": t.TempDir(), "Adapter": "shelf1"})
		back := m.Call([]reflect.Value{reflect.ValueOf(background), p})
		if back[1].IsNil() {
			all := back[0].MethodByName("All").Call(nil)
			if err, _ := all[1].Interface().(error); err != nil {
				t.Errorf("%s: %v", row.Name, err)
			}
			walked += all[0].Len()
		}
	}
	if walked < 20 {
		t.Fatalf("only %d rows", walked)
	}
}

func TestCallbacksMayCallTheToolkit(t *testing.T) {
	tk := withAcme(t, world(""))
	must(t, tk.RegisterCheck(NewCheck("asks", "1", func(ctx context.Context, run *CheckRun) error {
		c, err := tk.ClientGet(ctx, ClientGetParams{ClientID: run.Client.ID})
		if err != nil {
			return err
		}
		return run.Report("", StateOK, "it is "+c.Name, nil)
	})))
	asked := 0
	run, err := tk.HealthCheck(background, HealthCheckParams{ClientID: "acme-corp"}, WithProgress(func(Progress) error {
		asked++
		_, err := tk.ClientList(background, ClientListParams{})
		return err
	}))
	must(t, err)
	if asked == 0 || !strings.Contains(string(run.JSON()), "it is Acme Corp") {
		t.Fatalf("asked %d: %s", asked, run.JSON())
	}
}

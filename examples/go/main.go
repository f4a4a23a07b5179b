// A client, its made-up devices, and how they are. usage: go run . [CONFIG.yaml]
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"msptk"
)

// open reads the configuration that was named; without one everything lives in memory, with four devices that do not exist.
func open(args []string) (*msptk.Toolkit, error) {
	if len(args) > 1 {
		return msptk.FromConfig(args[1])
	}
	return msptk.Open(msptk.Setting("adapters", "[{name: demo, type: fake, devices: 4, seed: 7, problems: 0.2}]"))
}

func run(ctx context.Context, tk *msptk.Toolkit) error {
	client, err := tk.ClientCreate(ctx, msptk.ClientCreateParams{Name: "Acme Corp", Tier: msptk.TierPremium})
	if errors.Is(err, msptk.ErrExists) {
		fmt.Println("Acme Corp is here already")
	} else if err != nil {
		return err
	} else {
		fmt.Printf("made %s, tier %s\n", client.ID, client.Tier)
	}
	scan, err := tk.DeviceScan(ctx, msptk.DeviceScanParams{ClientID: "acme-corp"})
	if err != nil {
		return err
	}
	fmt.Printf("found %d devices\n", scan.Found)
	health, err := tk.HealthCheck(ctx, msptk.HealthCheckParams{ClientID: "acme-corp"})
	if err != nil {
		return err
	}
	for _, check := range health.Results {
		fmt.Printf("%-8s %-14s %s\n", check.Status, check.Name, check.Message)
	}
	fmt.Printf("%s: %s\n", health.Status, health.Summary)
	return nil
}

func main() {
	tk, err := open(os.Args)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = run(ctx, tk)
	if closing := tk.Close(ctx); err == nil {
		err = closing
	}
	if err != nil {
		log.Fatal(err)
	}
}

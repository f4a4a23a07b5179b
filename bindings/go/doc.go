// Package msptk is libmsptk for Go: the clients, devices, health, alerts and everything else that a managed service
// provider looks after, whichever vendor is underneath.
//
//	tk, err := msptk.FromConfig("msp-toolkit.yaml")
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer tk.Close(context.Background())
//	run, err := tk.HealthCheck(ctx, msptk.HealthCheckParams{ClientID: "acme-corp"})
//
// Every operation of the library is a method of Toolkit with parameters and a result of its own; they are made from
// the library's own operation table (ops_gen.go). Toolkit.Call does the same by name.
//
// The context of a call cancels the work behind it, also in another thread and at a vendor; its deadline is the
// deadline of the call. Errors are values of *Error and answer errors.Is for the Err constants of this package, for
// context.Canceled and for context.DeadlineExceeded.
//
// A Toolkit may be used by any number of goroutines at once, and goroutines may move between threads as they like.
// Adapters and checks can be written in Go: RegisterAdapter and Toolkit.RegisterCheck.
package msptk

//go:generate go run ./gen -o ops_gen.go

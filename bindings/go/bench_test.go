package msptk

import (
	"context"
	"testing"
)

// go test -run '^$' -bench . -benchmem

func benchToolkit(b *testing.B, clients int) *Toolkit {
	b.Helper()
	tk, err := Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { tk.Close(background) })
	for i := 0; i < clients; i++ {
		if _, err := tk.ClientCreate(background, ClientCreateParams{Name: "Client " + itoa(i)}); err != nil {
			b.Fatal(err)
		}
	}
	return tk
}

func BenchmarkClientGet(b *testing.B) {
	tk := benchToolkit(b, 1)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := tk.ClientGet(ctx, ClientGetParams{ClientID: "client-0"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRowsOf1000Clients(b *testing.B) {
	tk := benchToolkit(b, 1000)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		list, err := tk.Clients().List(background, ClientListParams{})
		if err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
	}
}

// What the way to C and back costs: an operation that is refused before it begins.
func BenchmarkRefusedCall(b *testing.B) {
	tk := benchToolkit(b, 0)
	for i := 0; i < b.N; i++ {
		if _, err := tk.Call(background, Args{Name: "no_such_operation"}); err == nil {
			b.Fatal("it was done")
		}
	}
}

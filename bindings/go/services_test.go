package msptk

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// vendor is a small HTTP server on loopback: it answers every request with one reply and remembers what it was asked.
type vendor struct {
	listener net.Listener
	mu       sync.Mutex
	asked    []string
}

func newVendor(t *testing.T, reply string) *vendor {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	v := &vendor{listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go v.serve(c, reply)
		}
	}()
	return v
}

func (v *vendor) serve(c net.Conn, reply string) {
	defer c.Close()
	r := bufio.NewReader(c)
	var head strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		head.WriteString(line)
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	for n := 0; n < length; {
		more, err := r.Read(body[n:])
		if err != nil {
			return
		}
		n += more
	}
	v.mu.Lock()
	v.asked = append(v.asked, head.String()+string(body))
	v.mu.Unlock()
	_, _ = c.Write([]byte(reply))
}

func (v *vendor) saw() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return strings.Join(v.asked, "\n")
}

// caller runs one function as the probe of an adapter.
type caller struct {
	probe func(ctx context.Context, r *Request) error
}

func (c *caller) Probe(ctx context.Context, r *Request) error { return c.probe(ctx, r) }
func (c *caller) Close()                                      {}

// inProbe runs a function with the services of a host, and gives what the probe said.
func inProbe(t *testing.T, settings string, probe func(ctx context.Context, r *Request) error) string {
	t.Helper()
	tk := withAcme(t, Setting("adapters", "[{name: caller, type: caller"+settings+"}]"))
	must(t, RegisterAdapter(tk, AdapterInfo{Type: "caller", Title: "Caller"}, func(*Host, json.RawMessage) (*caller, error) {
		return &caller{probe}, nil
	}))
	result, err := tk.AdapterProbe(background, AdapterProbeParams{Adapter: "caller"})
	must(t, err)
	return result.Adapters[0].Message
}

func TestHTTPGoesThroughTheHost(t *testing.T) {
	v := newVendor(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\nRetry-After: 7\r\n"+
		"Link: </api/2>; rel=\"next\"\r\nDate: Mon, 01 Jan 2035 00:00:00 GMT\r\nConnection: close\r\n\r\n{\"ok\":\"\x00é\"}\n")
	key := filepath.Join(t.TempDir(), "key")
	must(t, os.WriteFile(key, []byte("s3cret-key\n"), 0o600))
	var reply *HTTPReply
	api := "http://" + v.listener.Addr().String() + "/api"
	said := inProbe(t, ", api_url: '"+api+"', api_key: 'file:"+key+"'", func(_ context.Context, r *Request) (err error) {
		reply, err = r.HTTP(HTTPRequest{Method: "POST", URL: api + "/x", Header: map[string][]string{"X-One": {"1"}, "X-Two": {"2"}},
			Body: []byte("posted"), Auth: HTTPAuthBearer, AuthSetting: "api_key"})
		return err
	})
	if reply == nil {
		t.Fatal(said)
	}
	if reply.Status != 200 || string(reply.Body) != "{\"ok\":\"\x00é\"}\n" || reply.ContentType != "application/json" ||
		!strings.HasSuffix(reply.NextLink, "/api/2") || reply.Date.Year() != 2035 || reply.RetryAfter == nil || *reply.RetryAfter != 7*time.Second {
		t.Fatalf("reply %+v", reply)
	}
	for _, want := range []string{"POST /api/x", "X-One: 1", "X-Two: 2", "posted", "Authorization: Bearer s3cret-key"} {
		if !strings.Contains(v.saw(), want) {
			t.Errorf("no %q in %q", want, v.saw())
		}
	}
}

func TestHTTPStaysWithinTheOriginsOfTheInstance(t *testing.T) {
	v := newVendor(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	var failure error
	inProbe(t, ", api_url: 'https://vendor.example/api'", func(_ context.Context, r *Request) error {
		_, failure = r.HTTP(HTTPRequest{Method: "GET", URL: "http://" + v.listener.Addr().String() + "/"})
		return nil
	})
	wantIs(t, failure, ErrDenied)
	if v.saw() != "" {
		t.Fatal("it was asked")
	}
}

func TestStateOfAnInstanceIsKeptAndCompared(t *testing.T) {
	said := inProbe(t, "", func(_ context.Context, r *Request) error {
		if _, err := r.State("cursor"); !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("first: %v", err)
		}
		if err := r.PutState("cursor", "one"); err != nil {
			return err
		}
		if err := r.UpdateState("cursor", Ptr("other"), "two"); !errors.Is(err, ErrConflict) {
			return fmt.Errorf("wrong expectation: %v", err)
		}
		if err := r.UpdateState("cursor", Ptr("one"), "two"); err != nil {
			return err
		}
		if value, err := r.State("cursor"); err != nil || value != "two" {
			return fmt.Errorf("last: %q %v", value, err)
		}
		return nil
	})
	if said != "answers" {
		t.Fatal(said)
	}
}

// Goroutines of an adapter may use the request, all at once, and are refused when the method has returned.
func TestRequestIsForAllGoroutinesOfASlot(t *testing.T) {
	var late *Request
	said := inProbe(t, "", func(ctx context.Context, r *Request) error {
		late = r
		failed := make(chan error, 8)
		for g := 0; g < 8; g++ {
			go func(g int) {
				var err error
				for i := 0; i < 20 && err == nil; i++ {
					err = r.PutState("k"+itoa(g), itoa(i))
				}
				failed <- err
			}(g)
		}
		for g := 0; g < 8; g++ {
			if err := <-failed; err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if said != "answers" {
		t.Fatal(said)
	}
	_, err := late.State("k1")
	wantIs(t, err, ErrClosed)
	_, err = late.HTTP(HTTPRequest{Method: "GET", URL: "http://127.0.0.1/"})
	wantIs(t, err, ErrClosed)
	wantIs(t, late.PutState("k", "v"), ErrClosed)
	wantIs(t, late.EmitDevice(DeviceRow{VendorID: "x"}), ErrClosed)
}

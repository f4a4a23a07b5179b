package msptk

import "context"

// The managers are shorter ways to the operations of one noun, as the C library and the other bindings have them. What they
// do is what the operations do; parameters that they do not have are reached through those.

// ClientManager looks after clients.
type ClientManager struct{ t *Toolkit }

// Clients are the clients of this toolkit.
func (t *Toolkit) Clients() ClientManager { return ClientManager{t} }

// Create adds a client. Its id is made from its name unless p says otherwise.
func (m ClientManager) Create(ctx context.Context, p ClientCreateParams, opts ...CallOption) (*Client, error) {
	r, err := m.t.ClientCreate(ctx, p, opts...)
	if err != nil {
		return nil, err
	}
	return &r.Client, nil
}

// Get reads one client.
func (m ClientManager) Get(ctx context.Context, id string, opts ...CallOption) (*Client, error) {
	r, err := m.t.ClientGet(ctx, ClientGetParams{ClientID: id}, opts...)
	if err != nil {
		return nil, err
	}
	return &r.Client, nil
}

// List gives all clients that match, by id.
func (m ClientManager) List(ctx context.Context, p ClientListParams, opts ...CallOption) ([]Client, error) {
	return all(m.t.ClientListRows(ctx, p, opts...))
}

// Update changes what is set in p and leaves the rest.
func (m ClientManager) Update(ctx context.Context, p ClientUpdateParams, opts ...CallOption) (*Client, error) {
	r, err := m.t.ClientUpdate(ctx, p, opts...)
	if err != nil {
		return nil, err
	}
	return &r.Client, nil
}

// Delete hides a client and stops checking it; its history stays until retention ends.
func (m ClientManager) Delete(ctx context.Context, id string, opts ...CallOption) error {
	_, err := m.t.ClientDelete(ctx, ClientDeleteParams{ClientID: id}, opts...)
	return err
}

// DeviceManager looks after devices.
type DeviceManager struct{ t *Toolkit }

// Devices are the devices of this toolkit.
func (t *Toolkit) Devices() DeviceManager { return DeviceManager{t} }

// Add enrols a device by hand.
func (m DeviceManager) Add(ctx context.Context, p DeviceAddParams, opts ...CallOption) (*Device, error) {
	r, err := m.t.DeviceAdd(ctx, p, opts...)
	if err != nil {
		return nil, err
	}
	return &r.Device, nil
}

// Get reads one device.
func (m DeviceManager) Get(ctx context.Context, id string, opts ...CallOption) (*Device, error) {
	r, err := m.t.DeviceGet(ctx, DeviceGetParams{DeviceID: id}, opts...)
	if err != nil {
		return nil, err
	}
	return &r.Device, nil
}

// List gives all devices that match.
func (m DeviceManager) List(ctx context.Context, p DeviceListParams, opts ...CallOption) ([]Device, error) {
	return all(m.t.DeviceListRows(ctx, p, opts...))
}

// Remove takes a device out; its history stays until retention ends.
func (m DeviceManager) Remove(ctx context.Context, id string, opts ...CallOption) error {
	_, err := m.t.DeviceRemove(ctx, DeviceRemoveParams{DeviceID: id}, opts...)
	return err
}

// HealthMonitor runs checks and reads what they found.
type HealthMonitor struct{ t *Toolkit }

// Health are the health checks of this toolkit.
func (t *Toolkit) Health() HealthMonitor { return HealthMonitor{t} }

// RunChecks runs the checks of a client and waits for them. Bad health is a result and not a failure. All results are given,
// also beyond the first page.
func (m HealthMonitor) RunChecks(ctx context.Context, clientID string, opts ...CallOption) ([]CheckResult, error) {
	return all(m.t.HealthCheckRows(ctx, HealthCheckParams{ClientID: clientID}, opts...))
}

// History reads past results, newest first.
func (m HealthMonitor) History(ctx context.Context, p HealthHistoryParams, opts ...CallOption) ([]CheckResult, error) {
	return all(m.t.HealthHistoryRows(ctx, p, opts...))
}

// Configure sets thresholds and check parameters for a tier, a client or a device.
func (m HealthMonitor) Configure(ctx context.Context, p HealthConfigureParams, opts ...CallOption) error {
	_, err := m.t.HealthConfigure(ctx, p, opts...)
	return err
}

// StatusSummary is what is known now of the health of a client, or of all when clientID is empty.
func (m HealthMonitor) StatusSummary(ctx context.Context, clientID string, opts ...CallOption) (*HealthStatusResult, error) {
	return m.t.HealthStatus(ctx, HealthStatusParams{ClientID: clientID}, opts...)
}

// AlertManager looks after alerts.
type AlertManager struct{ t *Toolkit }

// Alerts are the alerts of this toolkit.
func (t *Toolkit) Alerts() AlertManager { return AlertManager{t} }

// List gives all alerts that match, worst first.
func (m AlertManager) List(ctx context.Context, p AlertListParams, opts ...CallOption) ([]Alert, error) {
	return all(m.t.AlertListRows(ctx, p, opts...))
}

// Acknowledge makes an open alert stop paging. The note says why, for the audit trail.
func (m AlertManager) Acknowledge(ctx context.Context, id, note string, opts ...CallOption) error {
	_, err := m.t.AlertAck(ctx, AlertAckParams{AlertID: id, Note: noteOf(note)}, opts...)
	return err
}

// Resolve ends an alert by hand; it opens anew if the problem is seen again.
func (m AlertManager) Resolve(ctx context.Context, id, note string, opts ...CallOption) error {
	_, err := m.t.AlertResolve(ctx, AlertResolveParams{AlertID: id, Note: noteOf(note)}, opts...)
	return err
}

func noteOf(note string) *string {
	if note == "" {
		return nil
	}
	return &note
}

func all[T any](rows *Rows[T], err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return rows.All()
}

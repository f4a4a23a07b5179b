package main

import "strings"

// Words that Go writes in capitals.
var initialisms = map[string]string{
	"id": "ID", "os": "OS", "rmm": "RMM", "cpu": "CPU", "json": "JSON", "url": "URL", "http": "HTTP", "ip": "IP",
	"ok": "OK", "macs": "MACs", "csv": "CSV", "dns": "DNS",
}

// "client_id" is ClientID.
func exported(name string) string {
	var out strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }) {
		if capital, ok := initialisms[word]; ok {
			out.WriteString(capital)
		} else {
			out.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return out.String()
}

// "msptk.client_deleted/1" is ClientDeleted.
func recordName(schema string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(schema, "msptk."), "/")
	return exported(name)
}

func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "s"):
		return strings.TrimSuffix(name, "s")
	}
	return name
}

// Enumerations that deserve a better name than the one made from where they are first seen.
var enumNames = map[string]string{
	"bronze silver gold premium":                             "Tier",
	"active inactive suspended":                              "ClientStatus",
	"up down unknown":                                        "DeviceStatus",
	"ok warning critical unknown":                            "CheckStatus",
	"critical warning info unknown":                          "Severity",
	"open acknowledged resolved":                             "AlertStatus",
	"active all open acknowledged resolved snoozed accepted": "AlertFilter",
	"cpu memory disk services network custom":                "CheckType",
	"read write execute admin":                               "Scope",
	"raw day":                                                "HistoryResolution",
	"ok denied failed intent planned":                        "AuditOutcome",
}

// Likewise for the objects of results, by operation and property.
var objectNames = map[string]string{
	"health_check.results":    "CheckResult",
	"health_history.results":  "CheckResult",
	"adapter_list.adapters":   "AdapterState",
	"adapter_probe.adapters":  "ProbedAdapter",
	"health_status.clients":   "ClientHealth",
	"health_morning.clients":  "ClientMorning",
	"health_configure.values": "PolicyValue",
}

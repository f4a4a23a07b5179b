package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// What of the operation table the generator reads.
type table struct {
	Operations []operation `json:"operations"`
}

type operation struct {
	Name        string   `json:"name"`
	Since       string   `json:"since"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	CLI         string   `json:"cli"`
	Doors       []string `json:"doors"`
	Scope       string   `json:"scope"`
	Effect      string   `json:"effect"`
	Idempotent  bool     `json:"idempotent"`
	Plan        string   `json:"plan"`
	TimeoutMS   int64    `json:"timeout_ms"`
	Params      []param  `json:"params"`
	Result      result   `json:"result"`
	Errors      []struct {
		Reason     string `json:"reason"`
		Suggestion string `json:"suggestion"`
	} `json:"errors"`
}

type param struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Required    bool              `json:"required"`
	Description string            `json:"description"`
	Default     json.RawMessage   `json:"default"`
	Values      []string          `json:"values"`
	Aliases     map[string]string `json:"aliases"`
	Unit        string            `json:"unit"`
	Min         *float64          `json:"min"`
	Max         *float64          `json:"max"`
	Exclusive   string            `json:"exclusive"`
	Hidden      []string          `json:"hidden"`
}

type result struct {
	Kind     string   `json:"kind"`
	Schema   string   `json:"schema"`
	Rows     string   `json:"rows"`
	Verdict  string   `json:"verdict"`
	Volatile []string `json:"volatile"`
	JSON     schema   `json:"json_schema"`
}

// A JSON Schema as far as results use it. Properties keep their order.
type schema struct {
	Type       types      `json:"type"`
	Enum       []string   `json:"enum"`
	Items      *schema    `json:"items"`
	Properties properties `json:"properties"`
}

// "string" or ["string", "null"].
type types []string

func (t *types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func (t types) main() string {
	for _, name := range t {
		if name != "null" {
			return name
		}
	}
	return ""
}

func (t types) nullable() bool {
	for _, name := range t {
		if name == "null" {
			return true
		}
	}
	return false
}

type property struct {
	name string
	schema
}

type properties []property

func (p *properties) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return fmt.Errorf("properties are no object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		one := property{name: key.(string)}
		if err := d.Decode(&one.schema); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	return nil
}

package main

import (
	"strings"
	"testing"
)

func TestOperationsAreThoseOfTheLibrary(t *testing.T) {
	if err := run("../ops_gen.go", true); err != nil {
		t.Fatal(err)
	}
}

func TestStaleOperationsAreNoticed(t *testing.T) {
	if err := run("main.go", true); err == nil || !strings.Contains(err.Error(), "stale") {
		t.Fatalf("got %v", err)
	}
}

// An operation that no name was chosen for gets names made from its own.
func TestNewOperationsNeedNoLineHere(t *testing.T) {
	table := &table{Operations: []operation{{
		Name: "shelf_list", Title: "List shelves", Description: "Lists.", CLI: "shelf list", Doors: []string{"c", "go"},
		Params: []param{{Name: "colour", Type: "enum", Description: "paint", Values: []string{"red", "dark-blue"}}},
		Result: result{Kind: "page", Schema: "msptk.shelf_list/1", Rows: "shelves", Volatile: []string{"seen_at"}, JSON: schema{
			Type: types{"object"}, Properties: properties{{"shelves", schema{Type: types{"array"}, Items: &schema{Type: types{"object"},
				Properties: properties{{"id", schema{Type: types{"string"}}}, {"seen_at", schema{Type: types{"string", "null"}}},
					{"weight", schema{Type: types{"integer", "null"}}}}}}}},
		}},
	}, {Name: "hidden", Doors: []string{"c"}, Description: "x"}}}
	made, err := generate(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ShelfListColourDarkBlue ShelfListColour = \"dark-blue\"", "*Rows[ShelfListShelve]",
		"SeenAt time.Time", "Weight *int64", "func (t *Toolkit) ShelfList("} {
		if !strings.Contains(strings.Join(strings.Fields(string(made)), " "), want) {
			t.Errorf("no %q in\n%s", want, made)
		}
	}
	if strings.Contains(string(made), "Hidden") {
		t.Error("an operation that this door does not have was written")
	}
}

// Command gen writes ops_gen.go: the operations of the library as typed Go.
//
// It asks the library itself for its operation table, so what is written can only be what is there. Run it by
// "go generate" in bindings/go; with -check it compares instead of writing and fails when the file is stale.
package main

/*
#cgo pkg-config: msptk
#include <stdlib.h>
#include <msptk/msptk.h>

static char *operations(void)
{
	msptk_json *table = NULL;
	char *text = NULL;

	if (msptk_operations(&table, NULL) == MSPTK_OK)
		msptk_json_print(table, 0, &text, NULL);
	msptk_json_free(table);
	return text;
}
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
)

func readTable() (*table, error) {
	text := C.operations()
	if text == nil {
		return nil, errors.New("the library did not give its operation table")
	}
	defer C.msptk_string_free(text)
	var t table
	if err := json.Unmarshal([]byte(C.GoString(text)), &t); err != nil {
		return nil, fmt.Errorf("read the operation table: %w", err)
	}
	return &t, nil
}

func run(path string, check bool) error {
	t, err := readTable()
	if err != nil {
		return err
	}
	made, err := generate(t)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(path, made, 0o644)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, made) {
		return fmt.Errorf("%s is stale: run go generate in bindings/go, or tests/bindings/go with MSPTK_REGENERATE=1", path)
	}
	return nil
}

func main() {
	path := flag.String("o", "ops_gen.go", "the file to write or to compare with")
	check := flag.Bool("check", false, "compare, do not write")
	flag.Parse()
	if err := run(*path, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

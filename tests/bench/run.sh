#!/bin/sh
# Runs every benchmark on this machine, prints a table, and writes it into README.md between its markers.
# usage: sh tests/bench/run.sh BUILD_DIRECTORY [--no-write]
exec python3 "$(dirname "$0")/run.py" "$@"

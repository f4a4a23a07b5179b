"""Builds a wheel that bundles the shared object, so that the machine it goes to needs no libmsptk of its own.

usage: python3 build_wheel.py --library PATH [--output DIRECTORY]

The library still needs what it links (libcurl, libcjson, libsqlite3, libsodium, libyaml) from the system.
"""
import argparse
import os
import sys

import build_backend


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True, help="the built libmsptk.so.0")
    parser.add_argument("--output", default="dist", help="where the wheel goes (default: dist)")
    given = parser.parse_args()
    with open(given.library, "rb") as f:
        if f.read(4) != b"\x7fELF":
            sys.exit("%s is not a shared object" % given.library)
    os.makedirs(given.output, exist_ok=True)
    print(os.path.join(given.output, build_backend.bundle(given.output, given.library)))


if __name__ == "__main__":
    main()

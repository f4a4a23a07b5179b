#!/bin/sh
# Runs every test: installs what is missing, builds with warnings as errors, and ends with one line
# "N passed, N failed, N skipped" counted over test cases. Exit status: 0 all well, 1 something failed, 2 wrong use.
set -eu

usage() {
        cat <<'USAGE'
usage: sh tests/run.sh [option...]

  --quick      leave out the slow tests
  --sanitize   build with address and undefined-behaviour sanitizers and run the tests that make sense there
  --real       also run the tests against third-party programs (installs them; only with MSPTK_DISPOSABLE=1)
  --full       run every long loop whole, also the tests of the Go binding (installs the go command); the counts are
               written to docs/proof.md
  --coverage   line coverage of lib/; below 90% is a failure
  --ci         what .ci/run calls: normal build, sanitizers, thread sanitizer, real programs, time budgets
  --suite S    only this suite (may be given several times)
  --help       this text

Environment: MSPTK_DISPOSABLE=1 says that this machine may be changed; MSPTK_SEED chooses the slice of long loops (default:
from the commit); MSPTK_BUILD_DIR is where to build (default: build/ in the source tree, or a directory below /tmp when
that cannot be written); MSPTK_JOBS how many tests run at once (default: number of cores).
USAGE
}

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
root=$(CDPATH='' cd -- "$here/.." && pwd -P)
groups='build run test'
ci=no
want_real=no
next_is_suite=no
for arg in "$@"; do
        if [ $next_is_suite = yes ]; then
                next_is_suite=no
                continue
        fi
        case $arg in
        --quick | --sanitize) ;;
        --full) groups="$groups bindings" ;; # the go command is large: a plain run skips its tests
        --real) want_real=yes ;;
        --coverage) groups="$groups coverage" ;;
        --ci)
                ci=yes
                groups="$groups bindings"
                ;;
        --suite) next_is_suite=yes ;;
        --help | -h)
                usage
                exit 0
                ;;
        *)
                echo "unknown option '$arg'" >&2
                usage >&2
                exit 2
                ;;
        esac
done
if [ $next_is_suite = yes ]; then
        echo "--suite needs a name" >&2
        exit 2
fi
if [ $want_real = yes ] && [ "${MSPTK_DISPOSABLE:-}" != 1 ]; then
        echo "--real installs and starts third-party programs: set MSPTK_DISPOSABLE=1 on a machine that may be changed" >&2
        exit 2
fi
if [ "${MSPTK_DISPOSABLE:-}" = 1 ] && { [ $want_real = yes ] || [ $ci = yes ]; }; then
        groups="$groups real"
fi

# shellcheck source=tests/packages.sh
. "$root/tests/packages.sh"
# shellcheck disable=SC2086  # a list of words
pk_install noask $groups || exit 1

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec python3 "$root/tests/tools/run_tests.py" "$root" "$@" </dev/null

#!/bin/sh
# The first of the two commands, from a copy of the sources whose path has blanks: twice, and what it leaves.
# usage: quickstart.sh SOURCE_ROOT
set -u

root=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/msptk quick start XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0

check() {
        name=$1
        shift
        if "$@"; then
                passed=$((passed + 1))
                echo "ok      $name"
        else
                failed=$((failed + 1))
                echo "FAILED  $name"
                tail -n 40 "$dir/out"
        fi
}

has() {
        grep -q -- "$1" "$dir/out"
}

tree=$dir/a\ clone
mkdir "$tree" "$tree/tests" || exit 1
for part in meson.build meson_options.txt include lib bindings examples; do
        cp -R "$root/$part" "$tree/" || exit 1
done
cp "$root/tests/packages.sh" "$tree/tests/" || exit 1
tool="$tree/build/bindings/cli/msp-toolkit"

cd /
sh "$tree/examples/quickstart.sh" >"$dir/out" 2>&1 </dev/null
check "the first run ends well" [ $? = 0 ]
check "it shows a table of this machine" has '^[a-z]*  *[^ ]*  *memory '
check "it names what to try next" has 'msp-toolkit morning'
check "it says nothing of errors" [ -z "$(grep -i 'error\|assert\|sanitizer' "$dir/out")" ]

sh "$tree/examples/quickstart.sh" >"$dir/out" 2>&1 </dev/null
check "the second run ends well" [ $? = 0 ]
check "it keeps what was there" has 'exists already'

cd "$tree/msptk-demo" || exit 1
for words in 'health history acme-corp --days 7' 'alert list' 'morning'; do
        # shellcheck disable=SC2086
        "$tool" $words >"$dir/out" 2>&1 </dev/null
        check "$words" [ $? -le 1 ]
done
"$tool" client list --json >"$dir/out" 2>&1
check "there is one client" has '"count":1'
"$tool" device list --json >"$dir/out" 2>&1
check "there is one device" has '"count":1'
"$tool" health history acme-corp --days 7 --type memory --json >"$dir/out" 2>&1
check "both runs are in the history" [ "$(grep -o '"checked_at":"[^"]*"' "$dir/out" | sort -u | wc -l)" = 2 ]
"$tool" audit verify >"$dir/out" 2>&1
check "the audit trail holds" [ $? = 0 ]
"$tool" doctor --full >"$dir/out" 2>&1
check "doctor finds nothing" [ $? = 0 ]

cd /
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]

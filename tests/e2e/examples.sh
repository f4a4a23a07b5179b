#!/bin/sh
# Runs the example programs and looks at what they print. usage: examples.sh NAME PROGRAM [NAME PROGRAM]...
set -u

passed=0 failed=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/msptk examples XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT

# expect NAME STATUS PATTERN... : exit status and lines of what was just run into $dir/out.
expect() {
        name=$1 want=$2
        shift 2
        wrong=
        [ "$status" = "$want" ] || wrong="exit status $status instead of $want"
        for pattern in "$@"; do
                grep -q -- "$pattern" "$dir/out" || wrong="$wrong; no line like '$pattern'"
        done
        if [ -z "$wrong" ]; then
                passed=$((passed + 1))
                echo "ok      $name"
        else
                failed=$((failed + 1))
                echo "FAILED  $name: $wrong"
                cat "$dir/out"
        fi
}

run() {
        "$@" >"$dir/out" 2>&1 </dev/null
        status=$?
}

while [ $# -gt 1 ]; do
        program=$(realpath -- "$2") || exit 1
        case $1 in
        list_clients)
                run "$program"
                expect "list_clients: three clients" 0 '^acme-corp  *bronze  *Acme Corp$' '^mobel-muller-gmbh '
                printf 'general: {company_name: X}\ndatabase: {path: a.db}\n' >"$dir/a.yaml"
                run "$program" "$dir/a.yaml"
                expect "list_clients: an empty workspace" 0
                run "$program" "$dir/none.yaml"
                expect "list_clients: no such file" 1 'none.yaml' '^try this: '
                ;;
        agent_embed)
                run "$program"
                expect "agent_embed: the health of this machine" 0 ' memory ' ' disk ' ' cpu '
                ;;
        custom_check)
                mkdir "$dir/queue"
                run "$program" "$dir/queue"
                expect "custom_check: an empty directory" 0 '^ok  *backlog  *0 files wait'
                for i in 1 2 3 4 5 6 7 8 9 10 11; do : >"$dir/queue/$i"; done
                run "$program" "$dir/queue"
                expect "custom_check: eleven files" 0 '^warning  *backlog  *11 files wait'
                run "$program" "$dir/none"
                expect "custom_check: no such directory" 0 '^unknown  *backlog '
                ;;
        adapter_skeleton)
                run "$program"
                expect "adapter_skeleton: devices and disks" 0 '^device  *files ' '^device  *mail ' '^ok  *disk ' '^critical  *disk '
                grep -q 'not ours' "$dir/out"
                status=$?
                expect "adapter_skeleton: nothing of other clients" 1
                run "$program" "$dir/none.json"
                expect "adapter_skeleton: no inventory" 1 'inventory file cannot be opened'
                ;;
        *)
                status=1
                : >"$dir/out"
                expect "$1: is known to this test" 0
                ;;
        esac
        shift 2
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]

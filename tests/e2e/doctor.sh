#!/bin/sh
# Breaks one thing of a workspace at a time: doctor must name that one and no other.
# usage: doctor.sh MSP_TOOLKIT NOSHM_MODULE
set -u

tool=$(realpath -- "$1") || exit 1
noshm=$(realpath -- "$2") || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/msptk doctor XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0 skipped=0
unset MSPTK_CONFIG MSP_CONFIG

# A namespace of our own for mounts, as root or as a user; nothing outside of it changes.
spaces=
if unshare -m true 2>/dev/null; then
        spaces='unshare -m'
elif unshare -rm true 2>/dev/null; then
        spaces='unshare -rm'
fi
networks=
if unshare -n true 2>/dev/null; then
        networks='unshare -n'
elif unshare -rn true 2>/dev/null; then
        networks='unshare -rn'
fi

# judge CASE CHECK...: the answer in $dir/out and $dir/status names these checks and no others.
judge() {
        case_name=$1
        shift
        if why=$(python3 - "$dir/out" "$(cat "$dir/status")" "$@" <<'PYTHON'
import json
import sys

path, status, want = sys.argv[1], sys.argv[2], sorted(sys.argv[3:])
text = open(path, encoding="utf-8").read()
try:
    answer = json.loads(text)
    bad = {c["check"]: c for c in answer["checks"] if c["status"] != "ok"}
except (ValueError, KeyError):
    sys.exit("no answer: " + text[:2000])
wrong = []
if sorted(bad) != want:
    wrong.append("named %s instead of %s: %s" % (sorted(bad), want, json.dumps(list(bad.values()))))
if status != ("1" if want else "0"):
    wrong.append("exit status " + status)
if (answer["status"] == "ok") != (not want):
    wrong.append("verdict " + answer["status"])
wrong += ["%s has no suggestion" % c for c in bad if not bad[c]["suggestion"]]
done = [c["check"] for c in answer["checks"]] + [c["check"] for c in answer["not_checked"]]
if len(done) != 16 or len(set(done)) != 16:
    wrong.append("%d checks were named instead of 16: %s" % (len(done), done))
sys.exit("; ".join(wrong) or None)
PYTHON
        ); then
                passed=$((passed + 1))
                echo "ok      $case_name"
        else
                failed=$((failed + 1))
                echo "FAILED  $case_name"
                echo "$why" | tail -5
                head -c 3000 "$dir/err"
        fi 2>&1
}

# A copy of the whole workspace in $dir/CASE, which becomes the working directory.
fresh() {
        rm -rf "$dir/case"
        cp -a "$dir/good" "$dir/case"
        cd "$dir/case" || exit 1
}

# doctor [WRAPPER...]: runs it in the working directory, below a wrapper if one is given.
doctor() {
        "$@" "$tool" doctor --json >"$dir/out" 2>"$dir/err" </dev/null
        echo $? >"$dir/status"
}

# inside MOUNTS: doctor where these commands were run before, in a namespace.
inside() {
        $spaces sh -c 'set -e; mount --make-rprivate / 2>/dev/null || :; '"$1"'; exec "$2" doctor --json' sh x "$tool" \
                >"$dir/out" 2>"$dir/err" </dev/null
        echo $? >"$dir/status"
}

sql() {
        python3 - data/msp-toolkit.db "$1" <<'PYTHON'
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
db.execute(sys.argv[2])
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.close()
PYTHON
}

skip() {
        skipped=$((skipped + 1))
        echo "skipped $1: $2"
}

with_spaces() {
        [ -n "$spaces" ] && return 0
        skip "$1" "this user may not make a mount namespace"
        return 1
}

# ---- a workspace with something in it ----

mkdir "$dir/good" && cd "$dir/good" || exit 1
"$tool" init --timezone America/New_York >/dev/null || exit 1
printf 'a secret' | "$tool" secret set some-key >/dev/null || exit 1
for name in One Two Three Four Five; do
        "$tool" client add --name "Client $name" --contact "someone@$name.example" >/dev/null || exit 1
done

fresh
doctor
judge "a whole workspace"

# ---- the configuration ----

fresh
sed -i 's/company_name:/compani_name:/' msp-toolkit.yaml
doctor
judge "unknown configuration key" config

fresh
rm msp-toolkit.yaml
doctor
judge "no configuration" config

fresh
printf '\nbroken: [1\n' >>msp-toolkit.yaml
doctor
judge "configuration that is not YAML" config

fresh
sed -i 's/^adapters:/adapters:\n  - {name: odd, type: fake, colour: red}/' msp-toolkit.yaml
doctor
judge "unknown setting of an adapter" adapters

fresh
chmod 0644 data/msp-toolkit.db
doctor
judge "database that others can read" permissions

# ---- the machine ----

if with_spaces "time zone data missing"; then
        fresh
        inside 'mount -t tmpfs none /usr/share/zoneinfo'
        judge "time zone data missing" time_zone
fi

if [ -n "$networks" ]; then
        fresh
        sed -i 's/^adapters:/adapters:\n  - {name: far, type: fake, api_url: "https:\/\/rmm.example.com\/api"}/' msp-toolkit.yaml
        # shellcheck disable=SC2086
        doctor $networks
        judge "DNS dead" dns
else
        skip "DNS dead" "this user may not make a network namespace"
fi

fresh
sed -i 's/^adapters:/adapters:\n  - {name: near, type: fake, api_url: "https:\/\/localhost\/api"}/' msp-toolkit.yaml
doctor
judge "a host that can be found"

fresh
sql "UPDATE schema_version SET applied_at = (strftime('%s', 'now') + 86400) * 1000000 WHERE number = (SELECT max(number) FROM schema_version)"
doctor
judge "clock before the newest record" clock

# ---- the database ----

if with_spaces "database on a read-only file system"; then
        fresh
        inside 'mount --bind data data; mount -o remount,bind,ro data'
        judge "database on a read-only file system" writable

        fresh
        inside 'mount --bind data/msp-toolkit.db data/msp-toolkit.db; mount -o remount,bind,ro data/msp-toolkit.db'
        judge "read-only database file" writable
fi
if [ "$(id -u)" != 0 ]; then
        fresh
        chmod 0400 data/msp-toolkit.db
        doctor
        judge "database without the right to write" writable
        fresh
        chmod 0500 data
        doctor
        chmod 0700 data
        judge "data directory without the right to write" writable
fi

fresh
rm data/msp-toolkit.db
doctor
judge "database missing" database

# Fills the root page of a table with rubbish.
spoil() {
        python3 - data/msp-toolkit.db "$1" <<'PYTHON'
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
size = db.execute("PRAGMA page_size").fetchone()[0]
page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [sys.argv[2]]).fetchone()[0]
db.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((page - 1) * size)
    f.write(b"\xa5" * size)
PYTHON
}
for table in client audit vault_key schema_version; do
        fresh
        spoil $table
        doctor
        judge "page corrupted: $table" integrity
done

fresh
dd if=/dev/zero of=data/msp-toolkit.db bs=1 count=100 conv=notrunc 2>/dev/null
doctor
judge "page corrupted: the first" integrity

if with_spaces "file system full"; then
        fresh
        inside 'mkdir ../full-$$; mount -t tmpfs -o size=1m none ../full-$$; cp -a data/. ../full-$$; chmod 0700 ../full-$$;
                mount --bind ../full-$$ data; dd if=/dev/zero of=data/filler bs=4096 2>/dev/null || :'
        judge "file system full" disk_space
fi

fresh
sql "INSERT INTO schema_version (number, room, name, applied_at, digest) VALUES (9999, 'later', 'of a later version', 1, 'x')"
doctor
judge "schema newer than the program" schema

fresh
doctor env LD_PRELOAD="$noshm" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
judge "file system without shared memory" shared_memory

# ---- vault and audit ----

fresh
chmod 0640 data/vault.key
doctor
judge "vault key that the group can read" vault_key_file

fresh
rm data/vault.key
doctor
judge "vault key missing" vault_key_file

fresh
mkdir other && (cd other && "$tool" init >/dev/null) && cat other/data/vault.key >data/vault.key
doctor
judge "wrong key" vault

fresh
sql "UPDATE audit SET principal = 'somebody' WHERE seq = 3"
doctor
judge "audit trail edited" audit

fresh
sql "DELETE FROM audit WHERE seq = 3"
doctor
judge "audit entry deleted" audit

cd /
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]

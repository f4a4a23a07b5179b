#!/bin/sh
# From a clean clone to the judged, stored and explained health of this very machine. Installs what is missing (it says what
# and how much, and asks when somebody is there to answer), builds into build/, and keeps its records in ./msptk-demo.
# May be run again: a second run adds to the history.
set -eu

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
root=$(CDPATH='' cd -- "$here/.." && pwd -P)
cd "$root"
tool=$root/build/bindings/cli/msp-toolkit
demo=$root/msptk-demo
log=$root/build/quickstart.log

say() {
        printf '\n== %s\n' "$*"
}

# Shows a command as it would be typed, and runs it where we are: first here, then inside the workspace.
where=$root
run() {
        printf '$ msp-toolkit'
        for word in "$@"; do
                case $word in
                *[!A-Za-z0-9_./@:=-]* | '') printf ' "%s"' "$word" ;;
                *) printf ' %s' "$word" ;;
                esac
        done
        printf '\n'
        (cd "$where" && "$tool" "$@")
}

# Runs a build step quietly; its output is shown when it fails.
step() {
        "$@" >>"$log" 2>&1 </dev/null || {
                tail -n 40 "$log" >&2
                echo "this failed: $* (the whole log is in $log)" >&2
                exit 1
        }
}

# shellcheck source=tests/packages.sh
. "$root/tests/packages.sh"

say "packages"
pk_install ask build run || exit 1
echo "all that is needed is installed"

say "build"
mkdir -p build
: >"$log"
if [ ! -f build/build.ninja ]; then
        step meson setup build . -Dtests=false
elif [ "$(cat build/.quickstart-source 2>/dev/null)" != "$root" ]; then
        # The tree was moved: what was configured elsewhere does not fit here.
        rm -rf build/build.ninja build/meson-private build/meson-info
        step meson setup build . -Dtests=false
fi
printf '%s\n' "$root" >build/.quickstart-source
[ -x "$tool" ] || echo "compiling; this takes about half a minute on two cores ..."
step ninja -C build
echo "built $tool"

say "workspace"
if [ -f "$demo/msp-toolkit.yaml" ]; then
        echo "msptk-demo exists already; this run adds to its history"
else
        run init msptk-demo
fi
where=$demo
if ! (cd "$demo" && "$tool" client show acme-corp >/dev/null 2>&1); then
        run client add --name "Acme Corp" --contact "john@acmecorp.com" --tier premium
fi
# What is enrolled already stays as it is.
run device add --client acme-corp --this-machine --quiet
run device list --client acme-corp

say "health of this machine"
status=0
run health check acme-corp || status=$?
case $status in
0) ;;
1) echo "(exit status 1: a problem was found, or something could not be judged; the table says what)" ;;
*)
        echo "the health check could not be done (exit status $status)" >&2
        exit "$status"
        ;;
esac

cat <<NEXT

Next, in msptk-demo:  cd msptk-demo && PATH="$root/build/bindings/cli:\$PATH"

  msp-toolkit health history acme-corp --days 7     what was measured so far
  msp-toolkit alert list                            what is open; 'alert explain ID' says why
  msp-toolkit morning                               one screen: new, still, fixed since yesterday
NEXT

# Sourced by tests/run.sh and examples/quickstart.sh: which packages are needed, which are missing, how large they are,
# and how they are installed. Looks for what a package provides, not for the package, so that other origins count too.

# Each line: group, what must be there, Debian package.
pk_table() {
        cat <<'TABLE'
build cmd:cc gcc
build hdr:stdio.h libc6-dev
build cmd:meson meson
build cmd:ninja ninja-build
build cmd:pkg-config pkg-config
build cmd:python3 python3
build pc:libcurl libcurl4-openssl-dev
build pc:libcjson libcjson-dev
build pc:sqlite3 libsqlite3-dev
build pc:libsodium libsodium-dev
build pc:yaml-0.1 libyaml-dev
run file:/usr/share/zoneinfo/Europe/Berlin tzdata
run file:/etc/ssl/certs/ca-certificates.crt ca-certificates
test pc:cmocka libcmocka-dev
test pc:libwebsockets libwebsockets-dev
test cmd:c++ g++
test cmd:nm binutils
test cmd:abidiff abigail-tools
test cmd:git git
test py:ensurepip python3-venv
coverage cmd:gcovr gcovr
bindings cmd:go golang-go
real file:/usr/lib/nagios/plugins/check_load monitoring-plugins-basic
real cmd:npm npm
real cmd:openssl openssl
TABLE
}

# A library for developers; while pkg-config itself is missing, by where Debian puts its files.
pk_have_pc() {
        if command -v pkg-config >/dev/null 2>&1; then
                pkg-config --exists "$1" 2>/dev/null
                return
        fi
        for pk_file in /usr/lib/*/pkgconfig/"$1".pc /usr/lib/pkgconfig/"$1".pc /usr/share/pkgconfig/"$1".pc; do
                [ ! -e "$pk_file" ] || return 0
        done
        return 1
}

pk_have() {
        case $1 in
        cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
        pc:*) pk_have_pc "${1#pc:}" ;;
        hdr:*) [ -e "/usr/include/${1#hdr:}" ] ;;
        file:*) [ -e "${1#file:}" ] ;;
        py:*) python3 -c "import ${1#py:}" 2>/dev/null ;;
        *) return 1 ;;
        esac
}

# pk_missing GROUP... : prints the packages that are missing, each once, space separated.
pk_missing() {
        pk_out=
        for pk_group in "$@"; do
                while read -r pk_g pk_what pk_name; do
                        [ "$pk_g" = "$pk_group" ] || continue
                        pk_have "$pk_what" && continue
                        case " $pk_out " in *" $pk_name "*) continue ;; esac
                        pk_out="$pk_out${pk_out:+ }$pk_name"
                done <<LIST
$(pk_table)
LIST
        done
        printf '%s\n' "$pk_out"
}

pk_is_debian() {
        command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1
}

# Runs a command as root: directly, or through sudo when we are not root.
pk_as_root() {
        if [ "$(id -u)" -eq 0 ]; then
                "$@"
        elif command -v sudo >/dev/null 2>&1; then
                sudo "$@"
        else
                echo "this needs root and there is no sudo: run as root: $*" >&2
                return 1
        fi
}

# Upgrades and removes nothing; waits for another package manager instead of failing.
pk_apt() {
        pk_as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
                apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# What apt itself says about download and disk space, dependencies included; nothing when its lists do not know the packages.
# --print-uris never installs; --assume-no does, when apt sees nothing to ask about.
pk_sizes() {
        LC_ALL=C apt-get -o Debug::NoLocking=1 --print-uris --no-install-recommends install "$@" 2>/dev/null </dev/null |
                grep -E '^(Need to get|After this operation)'
}

# pk_ask QUESTION : true when the answer is yes, or when nobody is there to ask.
pk_ask() {
        [ -t 0 ] && [ -t 1 ] || return 0
        printf '%s [Y/n] ' "$1"
        read -r pk_answer || return 1
        case $pk_answer in '' | y | Y | yes | Yes | YES) return 0 ;; esac
        return 1
}

# pk_install ask|noask GROUP... : installs what is missing and nothing else; 1 when it could not or was told not to.
pk_install() {
        pk_mode=$1
        shift
        pk_list=$(pk_missing "$@")
        [ -n "$pk_list" ] || return 0
        if ! pk_is_debian; then
                echo "missing (names as in Debian 12): $pk_list" >&2
                echo "this system has no apt-get: install them with your package manager and run this again" >&2
                return 1
        fi
        echo "missing packages: $pk_list"
        # shellcheck disable=SC2086  # a list of names
        pk_known=$(pk_sizes $pk_list) || echo "(sizes are known after the package lists are refreshed)"
        [ -z "$pk_known" ] || printf '%s\n' "$pk_known"
        if [ "$pk_mode" = ask ] && ! pk_ask "refresh the package lists and install them?"; then
                echo "nothing was installed" >&2
                return 1
        fi
        pk_said=$(pk_apt update 2>&1) || {
                printf '%s\n' "$pk_said" | tail -n 5 >&2
                echo "apt-get update failed; trying with the lists that are there" >&2
        }
        # shellcheck disable=SC2086
        [ -n "$pk_known" ] || pk_sizes $pk_list || :
        echo "installing ..."
        # shellcheck disable=SC2086
        pk_said=$(pk_apt install -y --no-install-recommends --no-upgrade --no-remove $pk_list 2>&1) || {
                printf '%s\n' "$pk_said" | tail -n 20 >&2
                echo "apt-get could not install: $pk_list" >&2
                return 1
        }
        pk_list=$(pk_missing "$@")
        [ -z "$pk_list" ] && return 0
        echo "installed, but still not usable: $pk_list" >&2
        return 1
}

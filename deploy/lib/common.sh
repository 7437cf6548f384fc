# shellcheck shell=bash disable=SC2034
# deploy/lib/common.sh - what stack, quickstart and the seed share: words for people, where things are,
# who runs what. Sourced with ROOT (the checkout) set; defines names, does nothing.

PG_BIN=/usr/lib/postgresql/15/bin
PG_PORT=5432 # part of the socket's name only: nothing listens on TCP
SERVICES=(identity registry monitoring)
WORKERS=("${SERVICES[@]/%/_worker}") # the second process of each: what is done behind requests
ROLES=(province_office prefecture_office county_office other_county_office town_office village_worker department_office
    inspector system_admin security_admin audit_admin integration device monitoring_office other_monitoring_office)
# shellcheck disable=SC2034
ADMINISTRATORS=(system_admin security_admin audit_admin)

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${PROGRAM:-deploy}" "$*" >&2; }
die() {
    warn "$*"
    exit 1
}

free_mb() { # DIR: megabytes free where DIR is, or will be
    local dir=$1
    while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
    df -Pm "$dir" | awk 'NR == 2 { print $4 }'
}

# Says why a step failed: a full disk explains most of what it breaks, so it is looked at first.
die_step() { # WHAT [LOG]
    local mb
    mb=$(free_mb "$STATE")
    if [ "${mb:-0}" -lt 64 ]; then die "disk full: $mb MB free for $STATE while $1"; fi
    if [ -s "${2:-}" ]; then tail -n 15 "$2" >&2; fi
    die "failed while $1${2:+ (see $2)}"
}

# The one directory of this checkout's stack, and what is in it.
stack_paths() {
    CHECKOUT_HASH=$(printf '%s' "$ROOT" | sha256sum | cut -c1-8)
    if [ -n "${ZEREN_STACK_DIR:-}" ]; then
        STATE=$(realpath -m -- "$ZEREN_STACK_DIR")
    elif [ "$(id -u)" = 0 ]; then
        STATE=/var/lib/zeren/$CHECKOUT_HASH
    else
        STATE=${XDG_STATE_HOME:-$HOME/.local/state}/zeren/$CHECKOUT_HASH
    fi
    case $STATE in
    *[!A-Za-z0-9/._-]*) die "the state directory's path may hold letters, digits and / . _ - only: $STATE" ;;
    esac
    SOCKET_DIR=$(socket_dir)
    # The checkout's own stack is found through var/; others that run beside it leave nothing in the checkout.
    VAR=$ROOT/var CA_PEM=$ROOT/var/ca.pem
    if [ -n "${ZEREN_STACK_DIR:-}" ]; then VAR='' CA_PEM=$STATE/ca.pem; fi
    RUN=$STATE/run SECRET=$STATE/secret KEYS=$STATE/keys CONF=$STATE/conf LOG=$STATE/log SHARE=$STATE/share BIN=$STATE/bin
    PGDATA_DIR=$STATE/postgres
}

# A Unix socket's path ends at 107 characters, so a deep state directory keeps its socket elsewhere.
socket_dir() {
    if [ ${#STATE} -le 80 ]; then
        printf '%s/socket' "$STATE"
    else
        printf '/tmp/zeren-%s' "$(printf '%s' "$STATE" | sha256sum | cut -c1-12)"
    fi
}

# Processes run as the system user zeren when root starts them, else as the caller.
choose_user() {
    RUN_AS=$(id -un)
    [ "$(id -u)" = 0 ] || return 0
    RUN_AS=zeren
    id -u zeren >/dev/null 2>&1 && return 0
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin zeren ||
        die "cannot create the system user zeren"
}

# Runs a command as that user, from /, with nothing but what it needs in its environment.
as_user() {
    local drop=()
    if [ "$(id -u)" = 0 ]; then drop=(setpriv --reuid zeren --regid zeren --init-groups); fi
    (cd / && exec "${drop[@]}" env -i PATH="$PG_BIN:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8 "$@")
}

make_dirs() {
    mkdir -p "$STATE" || die_step "creating $STATE"
    chmod 755 "$STATE"
    : >"$STATE/.zeren-stack"
    local dir
    for dir in "$RUN" "$CONF" "$SHARE" "$BIN"; do install -d -m 755 "$dir" || die_step "creating $dir"; done
    install -d -m 700 "$SECRET" || die_step "creating $SECRET"
    for dir in "$KEYS" "$LOG" "$STATE/nginx"; do own_dir "$dir" 700; done
    make_socket_dir
    reach_dir "$STATE"
}

own_dir() { # DIR MODE: a directory of the user that runs the processes
    if [ "$(id -u)" = 0 ]; then
        install -d -m "$2" -o "$RUN_AS" -g "$RUN_AS" "$1" || die_step "creating $1"
    else
        install -d -m "$2" "$1" || die_step "creating $1"
    fi
}

# The socket may stand in /tmp, where others could have put something of that name first.
make_socket_dir() {
    if [ -L "$SOCKET_DIR" ] || { [ -e "$SOCKET_DIR" ] && [ "$(stat -c %U "$SOCKET_DIR")" != "$RUN_AS" ]; }; then
        die "$SOCKET_DIR is in the way: it belongs to someone else"
    fi
    own_dir "$SOCKET_DIR" 700
}

# The processes' user must be able to walk to the state directory.
reach_dir() {
    as_user test -x "$1" || die "user $RUN_AS cannot reach $1: choose another ZEREN_STACK_DIR"
}

# Puts standard input into FILE in one step, so that a killed run leaves the old file or the new one.
write_file() { # FILE MODE [USER]
    local new=$1.new.$$
    (umask 077 && cat >"$new") || { rm -f "$new"; die_step "writing $1"; }
    chmod "$2" "$new"
    if [ -n "${3:-}" ] && [ "$(id -u)" = 0 ]; then chown "$3:$3" "$new"; fi
    mv -f "$new" "$1"
}

# As write_file, but a file that holds the same already is left alone: its time says when it last changed.
renew_file() { # FILE MODE [USER]
    local new=$1.next
    write_file "$new" "$2" "${3:-}"
    if cmp -s "$new" "$1"; then rm -f "$new"; else mv -f "$new" "$1"; fi
}

# Installs FROM as TO unless it is there already, equal.
install_file() { # FROM TO MODE
    if cmp -s "$1" "$2"; then return 0; fi
    cp "$1" "$2.new.$$" || { rm -f "$2.new.$$"; die_step "copying $1 to $2"; }
    chmod "$3" "$2.new.$$"
    mv -f "$2.new.$$" "$2"
}

is_port() { [[ $1 =~ ^[0-9]{1,5}$ ]] && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }

# Is something listening there? The kernel's tables tell of every address; no other tool is needed.
port_taken() {
    local hex
    hex=$(printf ':%04X' "$1")
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Below the range the kernel hands out for outgoing connections, begun at a place of this stack's own; none that is chosen here already, or by a stack beside this one or
# beside the directory that these are in.
free_port() {
    local port try name chosen=' '
    for name in "${!PORT_@}"; do chosen+="${!name} "; done
    for try in {1..400}; do
        port=$((15000 + (16#$(printf '%s' "$STATE$try$RANDOM" | sha256sum | cut -c1-7) % 17000)))
        if [[ $chosen != *" $port "* ]] && ! port_taken "$port" && ! grep -qsx "[A-Z_]*=$port" "$RUN/ports" "${STATE%/*}"/*/run/ports "${STATE%/*/*}"/*/*/run/ports; then
            printf '%s' "$port"
            return 0
        fi
    done
    die "no free port between 15000 and 32000"
}

supervisor_pid() { # prints the pid of a living supervisor of this state directory
    local pid
    pid=$(cat "$RUN/supervisor.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && grep -qzxF -- "$STATE" "/proc/$pid/cmdline" 2>/dev/null && printf '%s' "$pid"
}

child_pid() { # NAME: the pid of a living process of the stack
    local pid
    pid=$(cat "$RUN/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] && [ -d "/proc/$pid" ] && printf '%s' "$pid"
}

# On a machine that does much else ZEREN_PATIENCE says how many times as long.
wait_for() { # SECONDS COMMAND...: until it succeeds
    local deadline=$((SECONDS + $1 * ${ZEREN_PATIENCE:-1}))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

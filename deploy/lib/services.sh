# shellcheck shell=bash
# deploy/lib/services.sh - binaries, settings and start commands of the services, and their ports. Sourced after common.sh.

start_file() { # NAME COMMAND [KEY=VALUE...]: what the supervisor runs, with its whole environment
    local name=$1 command=$2 pair
    shift 2
    {
        printf '# %s: written by deploy/stack at every start\n' "$name"
        for pair in PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; do
            printf "export %s='%s'\n" "${pair%%=*}" "${pair#*=}"
        done
        if [ -r "$CONF/$name.local" ]; then cat "$CONF/$name.local"; fi
        printf '%s\n' "$command"
    } | renew_file "$CONF/$name.start" 644
}

# ---- ports: asked for, remembered, or free ones -------------------------------------------------------------------

remembered() { sed -n "s/^$1=//p" "$RUN/ports" 2>/dev/null | head -n 1; }

# Of each service the one for requests and the one for whoever runs it; a worker has the latter.
own_ports() {
    local name
    for name in "${SERVICES[@]}"; do printf '%s\n' "${name^^}" "${name^^}_OPS"; done
    for name in "${WORKERS[@]}"; do printf '%s\n' "${name^^}_OPS"; done
}

remember_ports() {
    local name
    for name in TLS HTTP $(own_ports); do
        declare -n port_ref=PORT_$name
        printf '%s=%s\n' "$name" "$port_ref"
    done | write_file "$RUN/ports" 644
}

load_ports() {
    local name
    for name in TLS HTTP $(own_ports); do
        printf -v "PORT_$name" '%s' "$(remembered "$name")"
    done
}

# The two that people see: an explicit number or the default must be free; 0 takes any.
choose_public_port() { # NAME ASKED DEFAULT
    local name=$1 asked=$2 port
    port=$(remembered "$name")
    if [ -n "$asked" ] && [ "$asked" != 0 ]; then
        is_port "$asked" || die "ZEREN_${name}_PORT must be a port number or 0, not '$asked'"
        port=$asked
    elif [ -z "$port" ] && [ "$asked" != 0 ]; then
        port=$3
    elif [ "$asked" = 0 ] && { [ -z "$port" ] || port_taken "$port"; }; then
        port=$(free_port) || exit 1
    fi
    if port_taken "$port"; then
        die "port $port is taken: set ZEREN_${name}_PORT to another one (0 takes any free one)"
    fi
    printf -v "PORT_$name" '%s' "$port"
}

choose_own_port() { # NAME: between nginx and a service; any free one, the same as last time if it still is
    local port
    port=$(remembered "$1")
    if [ -z "$port" ] || port_taken "$port"; then port=$(free_port) || exit 1; fi
    printf -v "PORT_$1" '%s' "$port"
}

choose_ports() { # only while the stack is down
    local name fd
    exec {fd}<"${STATE%/*}" && flock -w 60 "$fd" # stacks beside each other choose one after another
    choose_public_port TLS "${ZEREN_TLS_PORT:-}" 8443
    choose_public_port HTTP "${ZEREN_HTTP_PORT:-}" 8080
    [ "$PORT_TLS" != "$PORT_HTTP" ] || die "ZEREN_TLS_PORT and ZEREN_HTTP_PORT are both $PORT_TLS: give them different ports"
    for name in $(own_ports); do choose_own_port "$name"; done
    remember_ports
    exec {fd}<&-
}

# ---- binaries -------------------------------------------------------------------------------------------------------

find_binary() { # NAME: where a build puts it
    local dir
    for dir in "$BUILD" "$BUILD/bin"; do
        if [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then
            printf '%s/%s' "$dir" "$1"
            return 0
        fi
    done
    die "no binary $1 under $BUILD: build it first (deploy/quickstart, or cmake --build), or set ZEREN_BUILD"
}

# Copies them out of the checkout, which may be closed to the processes' user.
install_binaries() {
    local name from
    for name in "${SERVICES[@]}" migrate zeren-audit; do
        from=$(find_binary "$name") || exit 1
        install_file "$from" "$BIN/$name" 755
    done
    install_file "$ROOT/deploy/lib/supervise.sh" "$BIN/supervise" 755
}

service_db() { printf 'host=%s port=%s dbname=zeren user=%s' "$SOCKET_DIR" "$PG_PORT" "$1"; }

service_start_file() { # NAME [KEY=VALUE...]
    local name=$1 upper=${1^^}
    shift
    declare -n own=PORT_$upper ops=PORT_${upper}_OPS
    start_file "$name" "exec $BIN/$name" ZEREN_PORT="$own" ZEREN_OPS_PORT="$ops" ZEREN_LISTEN=127.0.0.1 \
        ZEREN_DB="$(service_db "${name}_service")" ZEREN_PROXY=127.0.0.1 "$@"
}

worker_start_file() { # SERVICE [KEY=VALUE...]
    local name=$1_worker upper=${1^^} service=$1
    shift
    declare -n ops=PORT_${upper}_WORKER_OPS
    start_file "$name" "exec $BIN/$service --worker" ZEREN_OPS_PORT="$ops" ZEREN_LISTEN=127.0.0.1 ZEREN_WORKER_DB="$(service_db "$name")" "$@"
}

configure_services() {
    service_start_file identity ZEREN_SIGNING_KEY_FILE="$KEYS/signing.pem" ZEREN_FIELD_KEYS_FILE="$KEYS/field.keys" \
        ZEREN_SESSION_KEYS_FILE="$KEYS/session.keys"
    own_dir "$STATE/files" 750
    own_dir "$STATE/files/registry" 750
    service_start_file registry ZEREN_FILES_DIR="$STATE/files/registry"
    own_dir "$STATE/files/monitoring" 750
    service_start_file monitoring ZEREN_FILES_DIR="$STATE/files/monitoring" ZEREN_FIELD_KEYS_FILE="$KEYS/field.keys"
    worker_start_file identity ZEREN_FIELD_KEYS_FILE="$KEYS/field.keys"
    worker_start_file registry ZEREN_FILES_DIR="$STATE/files/registry"
    worker_start_file monitoring ZEREN_FILES_DIR="$STATE/files/monitoring" ZEREN_FIELD_KEYS_FILE="$KEYS/field.keys"
    audit_start_file
}

# The sealer of every service's audit: its own role, its own key, and a directory outside the database for heads and anchors.
audit_settings() {
    printf '%s\n' ZEREN_DB="$(service_db zeren_audit)" ZEREN_ANCHOR_DIR="$STATE/anchors" ZEREN_SEAL_KEYS_FILE="$KEYS/seal.keys"
}

audit_start_file() {
    local settings
    own_dir "$STATE/anchors" 700
    mapfile -t settings < <(audit_settings)
    start_file audit "exec $BIN/zeren-audit seal" "${settings[@]}"
}

service_ready() { # NAME: /readyz answers 200
    declare -n ops=PORT_${1^^}_OPS
    http_ok "$ops" /readyz
}

gateway_ready() { http_ok "$PORT_HTTP" /; }

# Asked by bash itself, so that a running stack needs no curl.
http_ok() { # PORT PATH
    local line=
    { exec {web}<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    { printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&"$web"; } 2>/dev/null
    IFS= read -r -t 2 line <&"$web" || true
    exec {web}>&-
    [[ $line == "HTTP/1.1 200"* ]]
}

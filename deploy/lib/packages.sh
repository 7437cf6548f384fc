#!/bin/bash
# deploy/lib/packages.sh list|missing|install - the Debian packages that building and running Zeren takes. `install` runs as
# root and starts nothing of theirs: neither Debian's own cluster nor its web server. /usr/sbin/policy-rc.d and
# create_main_cluster are left as they were found, after a kill, too (by the next run, if it was kill -9).
set -uo pipefail
BUILD_PACKAGES=(gcc libc6-dev cmake ninja-build pkg-config libarchive-dev libcsv-dev libexpat1-dev libjansson-dev libjwt-dev libmagic-dev libmicrohttpd-dev
    libpango1.0-dev libpq-dev libsodium-dev libssl-dev libulfius-dev libxlsxwriter-dev)
RUN_PACKAGES=(postgresql-15 nginx openssl curl jq perl fonts-wqy-microhei fonts-hanazono)
POLICY=/usr/sbin/policy-rc.d
CLUSTER_CONF=/etc/postgresql-common/createcluster.conf
MARK='zeren-quickstart'
APT=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)

missing() {
    local name state
    for name in "${RUN_PACKAGES[@]}" "${BUILD_PACKAGES[@]}"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)
        [ "$state" = installed ] || printf '%s\n' "$name"
    done
}

# Says no to every start of a service while packages are installed.
forbid_starts() {
    if [ ! -e "$POLICY" ]; then
        printf '#!/bin/sh\n# %s\nexit 101\n' "$MARK" >"$POLICY" || fail "cannot write $POLICY"
        chmod 755 "$POLICY"
    fi
}

forbid_cluster() {
    [ -e "$CLUSTER_CONF" ] || return 0
    [ -e "$CLUSTER_CONF.$MARK" ] || cp -p "$CLUSTER_CONF" "$CLUSTER_CONF.$MARK" || fail "cannot write beside $CLUSTER_CONF"
    { grep -v '^ *create_main_cluster' "$CLUSTER_CONF.$MARK"; printf 'create_main_cluster = false\n'; } >"$CLUSTER_CONF"
}

restore() {
    if grep -qs "$MARK" "$POLICY"; then rm -f "$POLICY"; fi
    if [ -e "$CLUSTER_CONF.$MARK" ]; then mv -f "$CLUSTER_CONF.$MARK" "$CLUSTER_CONF"; fi
}

fail() {
    printf '%s\n' "$1"
    exit 1
}

get() { # WHAT-FOR PACKAGES...
    local what=$1
    shift
    "${APT[@]}" install -y --no-install-recommends "$@" </dev/null >>"$LOG" 2>&1 && return 0
    if [ "$(df -Pm /var/cache | awk 'NR == 2 { print $4 }')" -lt 64 ]; then fail "disk full while installing Debian packages"; fi
    fail "installing $what failed: $(grep -E '^(E|dpkg): ' "$LOG" | tail -n 1)"
}

# A package that came just now must not start its server at the next boot either.
keep_nginx_off() {
    deb-systemd-helper disable nginx.service >>"$LOG" 2>&1
    update-rc.d nginx disable >>"$LOG" 2>&1
    return 0
}

install_all() { # LOG
    local names had_nginx=
    LOG=$1
    mapfile -t names < <(missing)
    [ "$(dpkg-query -W -f '${db:Status-Status}' nginx 2>/dev/null)" != installed ] || had_nginx=1
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    trap restore EXIT
    trap 'exit 130' INT TERM HUP
    forbid_starts
    forbid_cluster
    if [ -n "$(dpkg --audit 2>/dev/null)" ]; then dpkg --configure -a </dev/null >>"$LOG" 2>&1; fi
    [ ${#names[@]} -gt 0 ] || return 0
    "${APT[@]}" update -o APT::Update::Error-Mode=any </dev/null >>"$LOG" 2>&1 ||
        fail "no network: Debian's package lists cannot be fetched (apt-get update: $(grep -E '^(E|W|Err)' "$LOG" | tail -n 1))"
    # Its settings come with the package, and must be changed before the server's package makes a cluster.
    get postgresql-common postgresql-common
    forbid_cluster
    get "Debian packages" "${names[@]}"
    [ -n "$had_nginx" ] || keep_nginx_off
}

case ${1:-} in
list) printf '%s\n' "${RUN_PACKAGES[@]}" "${BUILD_PACKAGES[@]}" ;;
missing) missing ;;
install) install_all "${2:?log file}" ;;
*)
    printf 'usage: packages.sh list|missing|install LOG\n' >&2
    exit 2
    ;;
esac

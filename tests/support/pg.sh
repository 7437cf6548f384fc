#!/bin/sh
# tests/support/pg.sh - a private PostgreSQL cluster for tests, without durability.
#   pg.sh start DIR          makes (once) and starts a cluster in DIR; prints the superuser's conninfo
#   pg.sh newdb DIR NAME     makes database NAME (dropped first), roles, and with $MIGRATE applies the
#                            migrations; prints the superuser's conninfo of it
#   pg.sh stop DIR           stops it; DIR stays
# PGBIN names the server's binaries, PGPORT_TEST the port in the socket's name. As root the server runs as postgres.
set -eu

room=$(cd "$(dirname "$0")/../.." && pwd)
bin=${PGBIN:-/usr/lib/postgresql/15/bin}
port=${PGPORT_TEST:-5432}
command=${1:?start, newdb or stop}
dir=${2:?directory}

as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# The path of a socket is short: it lives beside DIR under a name made of it.
sockets=/tmp/zpg.$(printf %s "$dir" | cksum | cut -d' ' -f1)
super=postgres

conninfo() {
    printf 'host=%s port=%s dbname=%s user=%s\n' "$sockets" "$port" "$1" "$2"
}

query() { # database, psql arguments
    db=$1
    shift
    PGOPTIONS="-c client_min_messages=warning" psql -XqAt -v ON_ERROR_STOP=1 -d "$(conninfo "$db" "$super")" "$@"
}

start() {
    mkdir -p "$dir" "$sockets"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$dir" "$sockets"
        chmod 755 "$sockets"
    fi
    if [ ! -f "$dir/data/PG_VERSION" ]; then
        as_postgres "$bin/initdb" -D "$dir/data" -U "$super" -A trust -E UTF8 --locale=C.UTF-8 \
            --no-sync >"$dir/initdb.log"
        cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$sockets'
port = $port
max_connections = 120
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
log_min_messages = fatal
log_min_error_statement = panic
autovacuum_naptime = 10min
CONF
    fi
    as_postgres "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 30 start >/dev/null
    conninfo postgres "$super"
}

newdb() {
    name=${1:?name}
    query postgres -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" 2>/dev/null
    query postgres -c "CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    query "$name" -v database="$name" -f "$room/deploy/postgres/roles.sql" >/dev/null
    if [ -n "${MIGRATE:-}" ]; then
        "$MIGRATE" --db "$(conninfo "$name" zeren_migrate)" zeren="$room/common/db/migrations" \
            registry="$room/services/registry/migrations" \
            identity="$room/services/identity/migrations" >/dev/null
    fi
    conninfo "$name" "$super"
}

stop() {
    as_postgres "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null
    rm -rf "$sockets"
}

case $command in
start) start ;;
newdb) newdb "${3:-}" ;;
stop) stop ;;
*)
    echo "pg.sh: start, newdb or stop, not $command" >&2
    exit 2
    ;;
esac

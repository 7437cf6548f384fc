#!/bin/sh
# tests/support/pg.sh - a private PostgreSQL cluster for tests, without durability.
#   pg.sh start DIR          makes (once) and starts a cluster in DIR; prints the superuser's conninfo
#   pg.sh newdb DIR NAME     makes database NAME (dropped first), roles, and with $MIGRATE applies the
#                            migrations; prints the superuser's conninfo of it
#   pg.sh stop DIR           stops it; DIR stays
#   pg.sh alone PROGRAM ...  runs PROGRAM with ZEREN_TEST_DB naming a copy of the database that it names, which
#                            nobody else uses and nobody has used, and which is dropped behind it
# It plans as deploy/lib/postgres.sh has it. PGBIN names the server's binaries, PGPORT_TEST the port in the socket's name. As root the server runs as postgres.
set -eu

room=$(cd "$(dirname "$0")/../.." && pwd)
bin=${PGBIN:-/usr/lib/postgresql/15/bin}
port=${PGPORT_TEST:-5432}
command=${1:?start, newdb, stop or alone}
dir=${2:?directory or program}

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
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
log_min_messages = fatal
log_min_error_statement = panic
autovacuum = off # what is thought of a table, and so its plans, is not a matter of when that was
CONF
    fi
    as_postgres "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 300 start >/dev/null
    conninfo postgres "$super"
}

newdb() {
    name=${1:?name}
    query postgres -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" 2>/dev/null
    query postgres -c "CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    query "$name" -v database="$name" -f "$room/deploy/postgres/roles.sql" >/dev/null
    if [ -n "${MIGRATE:-}" ]; then
        "$MIGRATE" --db "$(conninfo "$name" zeren_migrate)" zeren="$room/common/db/migrations" \
            registry="$room/services/registry/migrations" monitoring="$room/services/monitoring/migrations" \
            identity="$room/services/identity/migrations" >/dev/null
    fi
    conninfo "$name" "$super"
}

stop() {
    as_postgres "$bin/pg_ctl" -D "$dir/data" -m fast -w -t 300 stop >/dev/null
    rm -rf "$sockets"
}

# What a copy does not take over are the rights to connect. One copy is made at a time: roles belong to the whole cluster.
alone() {
    all=${ZEREN_TEST_DB:?names no database}
    template=${all##*dbname=}
    copy=${template%% *}_$(basename "$1")
    exec 9<"$0"
    flock 9
    PGOPTIONS='-c client_min_messages=warning' psql -XqAt -v ON_ERROR_STOP=1 -d "$all dbname=postgres" \
        -c "DROP DATABASE IF EXISTS $copy WITH (FORCE)" \
        -c "CREATE DATABASE $copy TEMPLATE ${template%% *} STRATEGY file_copy"
    PGOPTIONS='-c client_min_messages=warning' psql -XqAt -v ON_ERROR_STOP=1 -d "$all dbname=$copy" -f "$room/deploy/postgres/roles.sql"
    flock -u 9
    code=0
    ZEREN_TEST_DB="$all dbname=$copy" "$@" 9<&- || code=$?
    psql -XqAt -d "$all dbname=postgres" -c "DROP DATABASE $copy WITH (FORCE)"
    exit $code
}

case $command in
start) start ;;
newdb) newdb "${3:-}" ;;
stop) stop ;;
alone)
    shift
    alone "$@"
    ;;
*)
    echo "pg.sh: start, newdb, stop or alone, not $command" >&2
    exit 2
    ;;
esac
